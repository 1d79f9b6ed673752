"""Layer classes by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.layers.refused import REFUSED
from engine.legacy.class_spellings import accept_legacy_constructor
from engine.registry import Registry, serialize_object

LAYERS = Registry("layer", REFUSED)


def register_layer(*names: str) -> Callable[[Any], Any]:
    """Return a decorator that registers a layer class under its name and any further `names`.

    The class takes the arguments that Keras 1 knew, too.
    """

    def add(cls: Any) -> Any:
        return LAYERS.register(*names)(accept_legacy_constructor(cls))

    return add


def serialize(layer: Any) -> dict[str, Any]:
    """Return a layer's class name and configuration."""
    return serialize_object(layer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """Make a layer from its class name and configuration.

    Raises:
        ValueError: the class is unknown or the configuration malformed.
    """
    return LAYERS.deserialize(config, custom_objects)
