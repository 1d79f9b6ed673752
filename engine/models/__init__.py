"""Models: `Model`, `Sequential`, and how they are read and cloned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import engine
from engine.models.clone import clone_model
from engine.models.model import Model
from engine.models.sequential import Sequential

if TYPE_CHECKING:
    from engine.saving import load_model, model_from_config, model_from_json, model_from_yaml, save_model

__all__ = [
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "save_model",
]


def __getattr__(name: str) -> Any:
    # Functions of `engine.saving`, which is imported late.
    if name in __all__:
        return getattr(engine.saving, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
