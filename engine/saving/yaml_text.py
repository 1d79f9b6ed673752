"""YAML as Keras writes it, read without making objects of any kind."""

from __future__ import annotations

from typing import Any

import yaml


class _PlainLoader(yaml.SafeLoader):
    """Reads plain data, and Python's tuples and strings, which Keras marks as such."""


def _construct_tuple(loader: Any, node: Any) -> list[Any]:
    return loader.construct_sequence(node, deep=True)


def _construct_text(loader: Any, node: Any) -> str:
    return loader.construct_scalar(node)


_PlainLoader.add_constructor("tag:yaml.org,2002:python/tuple", _construct_tuple)
for _name in ("str", "unicode"):
    _PlainLoader.add_constructor(f"tag:yaml.org,2002:python/{_name}", _construct_text)


def read_yaml(text: str) -> Any:
    """Return what YAML text says, tuples as lists.

    Raises:
        yaml.YAMLError: it is no YAML, or has tags of other objects.
    """
    return yaml.load(text, _PlainLoader)
