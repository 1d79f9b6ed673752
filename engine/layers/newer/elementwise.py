"""Layers of single elements. Not in Keras 2.1.6: files of later lines name them."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer


@register_layer()
class Identity(Layer):
    """Return the inputs.

    Shapes:
        Any; the output has the input's.
    """

    supports_masking = True


@register_layer()
class ReLU(Layer):
    """`x` from `threshold` on and at most `max_value`, `negative_slope * (x - threshold)` below.

    Args:
        max_value: the greatest output; None for no bound.
        negative_slope: slope below the threshold.
        threshold: where `x` begins to pass.

    Shapes:
        Any; the output has the input's.
    """

    supports_masking = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = max_value
        self.negative_slope = negative_slope or 0.0
        self.threshold = threshold or 0.0

    def call(self, inputs: Any) -> Any:
        """Return the activation of the inputs."""
        if not self.threshold:
            return K.relu(inputs, alpha=self.negative_slope, max_value=self.max_value)
        passes = K.cast(K.greater_equal(inputs, self.threshold), K.dtype(inputs))
        above = inputs if self.max_value is None else K.minimum(inputs, self.max_value)
        return passes * above + (1.0 - passes) * self.negative_slope * (inputs - self.threshold)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "max_value", "negative_slope", "threshold")}
