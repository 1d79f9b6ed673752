"""Layers made of other layers."""

from __future__ import annotations

from typing import Any

from engine.layers.base import Layer
from engine.layers.connections import unique


class Composite(Layer):
    """A layer whose weights, losses and updates are those of layers inside."""

    def __init__(self, **kwargs: Any) -> None:
        # From the tensors that the layer was called with to those that the layers inside were.
        self._inner_inputs: dict[tuple[int, ...], Any] = {}
        super().__init__(**kwargs)

    @property
    def _wrapped(self) -> list[Any]:
        """The layers inside."""
        return []

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        """Let training change the weights or not, those of the layers inside included."""
        self._trainable = value
        for layer in self._wrapped:
            layer.trainable = value

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes."""
        return [weight for layer in self._wrapped for weight in layer.trainable_weights]

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other weights."""
        return [weight for layer in self._wrapped for weight in layer.non_trainable_weights]

    @property
    def updates(self) -> list[Any]:
        """Assignments that run with each training step."""
        return [update for layer in self._wrapped for update in layer.updates]

    @property
    def losses(self) -> list[Any]:
        """Losses that the layer adds to its model's."""
        return [*(loss for layer in self._wrapped for loss in layer.losses), *super().losses]

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """Return the updates that depend on `inputs`; those that hold for every call for None."""
        updating = [layer for layer in self._wrapped if layer.trainable or layer.stateful]
        return self._ask(updating, "get_updates_for", inputs)

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """Return the losses that depend on `inputs`; those that hold for every call for None."""
        return unique([*self._ask(self._wrapped, "get_losses_for", inputs), *super().get_losses_for(inputs)])

    def _ask(self, layers: list[Any], getter: str, inputs: Any) -> list[Any]:
        if inputs is not None:
            items = inputs if isinstance(inputs, (list, tuple)) else [inputs]
            inputs = self._inner_inputs.get(tuple(id(x) for x in items), inputs)
        return [item for layer in layers for item in getattr(layer, getter)(inputs)]

    def get_weights(self) -> list[Any]:
        """Return the values of the weights as NumPy arrays."""
        return [value for layer in self._wrapped for value in layer.get_weights()]
