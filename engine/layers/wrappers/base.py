"""A layer around another layer."""

from __future__ import annotations

from typing import Any

from engine.layers.composite import Composite
from engine.layers.registry import deserialize


class Wrapper(Composite):
    """A layer whose weights, losses and updates are those of the layer inside.

    Args:
        layer: the layer inside.
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        self.layer = layer
        kwargs.setdefault("trainable", layer.trainable)
        super().__init__(**kwargs)

    @property
    def _wrapped(self) -> list[Any]:
        """The layers inside."""
        return [self.layer]

    @property
    def activity_regularizer(self) -> Any:
        """The penalty on the output, which is the inner layer's."""
        return getattr(self.layer, "activity_regularizer", None)

    def set_weights(self, weights: Any) -> None:
        """Set the values of the weights, in the order of `get_weights`."""
        self.layer.set_weights(weights)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        inner = {"class_name": type(self.layer).__name__, "config": self.layer.get_config()}
        return {**super().get_config(), "layer": inner}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Make the layer from its configuration."""
        config = dict(config)
        return cls(deserialize(config.pop("layer"), custom_objects), **config)
