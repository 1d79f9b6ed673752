"""Architectures as JSON and YAML text, and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import yaml

from engine.layers import registry
from engine.layers.location import locate
from engine.saving.dialects import to_keras_2
from engine.saving.yaml_text import read_yaml

# What written files call themselves. Kernels are laid out as the TensorFlow backend lays them out, which is what
# readers use the backend's name for.
KERAS_VERSION = "2.1.6"
FILE_BACKEND = "tensorflow"


def to_plain(value: Any) -> Any:
    """Return what JSON knows for NumPy values, tuples, types and functions.

    Raises:
        TypeError: the value can't be written.
    """
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if callable(value) or isinstance(value, type):
        return value.__name__
    raise TypeError(f"Not JSON serializable: {value!r} (of {type(value)})")


def model_to_config(model: Any) -> dict[str, Any]:
    """Return a model's architecture with the version of the format."""
    return {
        "class_name": type(model).__name__,
        "config": model.get_config(),
        "keras_version": KERAS_VERSION,
        "backend": FILE_BACKEND,
    }


def to_json(model: Any, **kwargs: Any) -> str:
    """Return a model's architecture as JSON text; keyword arguments go to `json.dumps`."""
    return json.dumps(model_to_config(model), default=to_plain, **kwargs)


def to_yaml(model: Any, **kwargs: Any) -> str:
    """Return a model's architecture as YAML text; keyword arguments go to `yaml.safe_dump`."""
    return yaml.safe_dump(json.loads(to_json(model)), **kwargs)


def model_from_config(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """Make a model from its configuration: `class_name` and `config`, in any dialect that is known.

    Raises:
        ValueError: the configuration makes no model; the error says where.
    """
    if isinstance(config, list):
        raise TypeError(
            "`model_from_config` expects a dictionary, not a list. Maybe you meant to use "
            "`Sequential.from_config(config)`?"
        )
    with locate():
        translated = to_keras_2(config)
    with locate("config"):
        return registry.deserialize(translated, custom_objects)


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """Make a model from the text that `to_json` gave.

    Args:
        json_string: the text.
        custom_objects: classes and functions of one's own by name.

    Raises:
        ValueError: the text is no JSON, or makes no model.
    """
    return model_from_config(json.loads(json_string), custom_objects)


def model_from_yaml(yaml_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """Make a model from the text that `to_yaml` gave; arguments as in `model_from_json`.

    YAML tags, which could make objects of any kind, are refused.
    """
    return model_from_config(read_yaml(yaml_string), custom_objects)
