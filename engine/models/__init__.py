"""Models: `Model`, `Sequential`, and how they are read and cloned."""

from engine.models.clone import clone_model
from engine.models.model import Model
from engine.models.sequential import Sequential
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
