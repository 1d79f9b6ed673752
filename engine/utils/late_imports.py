"""Names of a module that are imported from elsewhere when they are first asked for (PEP 562)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def import_late(module: str, **sources: str) -> Callable[[str], Any]:
    """Return a module's `__getattr__`.

    Args:
        module: the name of the module that has it.
        sources: names, each with the module that it comes from.
    """

    def get(name: str) -> Any:
        if name not in sources:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return getattr(import_module(sources[name]), name)

    return get
