"""Layers that apply a function, or a penalty, to each element."""

from __future__ import annotations

from typing import Any

from engine import activations, regularizers
from engine.layers.base import Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer


@register_layer()
class Activation(Layer):
    """Apply an activation function.

    Args:
        activation: its name, or a function of a tensor.

    Shapes:
        Any; the output has the input's.
    """

    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        """Return the activation of the inputs."""
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "activation")}


@register_layer()
class ActivityRegularization(Layer):
    """Pass the inputs on and add a penalty on them to the loss.

    Args:
        l1: weight of the sum of absolute values.
        l2: weight of the sum of squares.

    Shapes:
        Any; the output has the input's.
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.l1 = l1
        self.l2 = l2
        self.activity_regularizer = regularizers.L1L2(l1=l1, l2=l2)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "l1", "l2")}
