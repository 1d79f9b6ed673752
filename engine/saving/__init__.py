"""Architectures as JSON and YAML, weights and whole models as HDF5."""

from engine.layers.location import ConfigurationError
from engine.saving.config import model_from_config, model_from_json, model_from_yaml, to_json, to_yaml
from engine.saving.definition import Definition, DefinitionError, DefinitionLimits, read_definition
from engine.saving.hdf5 import load_weights, save_weights
from engine.saving.model_file import load_model, save_model

__all__ = [
    "ConfigurationError",
    "Definition",
    "DefinitionError",
    "DefinitionLimits",
    "load_model",
    "load_weights",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "read_definition",
    "save_model",
    "save_weights",
    "to_json",
    "to_yaml",
]
