"""Nested lists, tuples, dicts and slices seen as containers of values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def flatten(structure: Any) -> Iterator[Any]:
    """Yield the values that lie in a nested structure, in order."""
    if isinstance(structure, (list, tuple)):
        for item in structure:
            yield from flatten(item)
    elif isinstance(structure, dict):
        for item in structure.values():
            yield from flatten(item)
    elif isinstance(structure, slice):
        yield from flatten((structure.start, structure.stop, structure.step))
    else:
        yield structure


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """Return the same structure with `function` applied to every value in it."""
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(map_structure(function, item) for item in structure))
    if type(structure) in (list, tuple):
        return type(structure)([map_structure(function, item) for item in structure])
    if isinstance(structure, dict):
        return {key: map_structure(function, item) for key, item in structure.items()}
    if isinstance(structure, slice):
        parts = (structure.start, structure.stop, structure.step)
        return slice(*(map_structure(function, part) for part in parts))
    return function(structure)
