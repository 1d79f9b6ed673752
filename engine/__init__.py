"""Keras 2.1.6 on PyTorch."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from engine.garbage import collecting_later

with collecting_later():
    from engine import (
        activations,
        backend,
        callbacks,
        constraints,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        regularizers,
    )
    from engine.layers import Input
    from engine.models import Model, Sequential

__version__ = "2.1.6"

# Imported when they are first asked for: many programs never do.
_LATE = frozenset({"applications", "datasets", "preprocessing", "saving", "utils", "wrappers"})

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "activations",
    "applications",
    "backend",
    "callbacks",
    "constraints",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "preprocessing",
    "regularizers",
    "saving",
    "utils",
    "wrappers",
]


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
