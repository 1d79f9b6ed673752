"""The layer that marks steps to be skipped."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer


@register_layer()
class Masking(Layer):
    """Mask the steps of which every feature equals a value.

    Args:
        mask_value: the value.

    Shapes:
        `(batch, steps, features)`; the output has the input's.
    """

    supports_masking = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return which steps hold anything but the value."""
        return K.any(K.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        """Return the inputs with 0 in the masked steps."""
        kept = K.any(K.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * K.cast(kept, K.dtype(inputs))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "mask_value")}
