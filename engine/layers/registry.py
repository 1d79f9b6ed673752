"""Layer classes by name."""

from __future__ import annotations

from typing import Any

from engine.registry import Registry, serialize_object

LAYERS = Registry("layer")
register_layer = LAYERS.register


def serialize(layer: Any) -> dict[str, Any]:
    """Return a layer's class name and configuration."""
    return serialize_object(layer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """Make a layer from its class name and configuration.

    Raises:
        ValueError: the class is unknown or the configuration malformed.
    """
    return LAYERS.deserialize(config, custom_objects)
