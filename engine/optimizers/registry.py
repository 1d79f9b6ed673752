"""Optimizers by name."""

from __future__ import annotations

from typing import Any

from engine.optimizers.base import Optimizer
from engine.registry import Registry, serialize_object

_registry = Registry("optimizer")


def register_optimizer(cls: Any) -> Any:
    """Register an optimizer's class under its name, and in small letters."""
    return _registry.register(cls.__name__.lower())(cls)


def serialize(optimizer: Any) -> Any:
    """Return an optimizer's class name and configuration."""
    return serialize_object(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Make an optimizer from what `serialize` gave; the names of built-in ones may be in any case.

    Raises:
        ValueError: the class is unknown.
    """
    name = config.get("class_name") if isinstance(config, dict) else config
    if isinstance(name, str) and name.lower() in _registry.objects:
        config = {"class_name": name.lower(), "config": config["config"] if isinstance(config, dict) else {}}
    return _registry.deserialize(config, custom_objects)


def get(identifier: Any) -> Any:
    """Return an optimizer for a name, a configuration or the optimizer itself.

    Raises:
        ValueError: it can't be interpreted.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, (str, dict)):
        return deserialize(identifier)
    raise ValueError(f"Could not interpret optimizer identifier: {identifier!r}")
