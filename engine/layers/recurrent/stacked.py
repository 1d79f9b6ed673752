"""Cells on top of one another."""

from __future__ import annotations

from typing import Any

from engine.layers.base import Layer, accepts_argument, to_list
from engine.layers.recurrent.cell import RecurrentCell
from engine.layers.registry import deserialize, register_layer


@register_layer()
class StackedRNNCells(Layer):
    """A stack of cells that is a cell itself: each takes the output of the one below.

    Args:
        cells: the cells, the lowest first.

    Raises:
        ValueError: a cell lacks `call` or `state_size`.
    """

    def __init__(self, cells: list[Any], **kwargs: Any) -> None:
        for cell in cells:
            for attribute in ("call", "state_size"):
                if not hasattr(cell, attribute):
                    raise ValueError(f"All cells must have a `{attribute}`. Received cells: {cells}")
        self.cells = cells
        super().__init__(**kwargs)

    @property
    def state_size(self) -> tuple[int, ...]:
        """Sizes of the states, those of the highest cell first, so that the first is the output's."""
        return tuple(size for cell in reversed(self.cells) for size in to_list(cell.state_size))

    def draw_dropout_masks(self, inputs: Any, training: Any = None) -> None:
        """Draw the masks that all steps of one call share."""
        for cell in self.cells:
            if isinstance(cell, (RecurrentCell, StackedRNNCells)):
                cell.draw_dropout_masks(inputs, training)

    def forget_dropout_masks(self) -> None:
        """Let the next call draw masks of its own."""
        for cell in self.cells:
            if isinstance(cell, (RecurrentCell, StackedRNNCells)):
                cell.forget_dropout_masks()

    def build(self, input_shape: Any) -> None:
        """Build the cells, each for the output of the one below."""
        constants = []
        if isinstance(input_shape, list):
            input_shape, *constants = input_shape
        for cell in self.cells:
            if isinstance(cell, Layer):
                takes_constants = constants and accepts_argument(cell.call, "constants")
                cell.build([input_shape, *constants] if takes_constants else input_shape)
                cell.built = True
            input_shape = (input_shape[0], to_list(cell.state_size)[0])
        self.built = True

    def call(
        self, inputs: Any, states: list[Any], training: Any = None, constants: Any = None
    ) -> tuple[Any, list[Any]]:
        """Return the highest cell's output and all new states."""
        remaining = list(states)
        new_states: list[Any] = []
        for cell in self.cells:
            count = len(to_list(cell.state_size))
            own, remaining = remaining[-count:], remaining[:-count]
            arguments: dict[str, Any] = {}
            if accepts_argument(cell.call, "training"):
                arguments["training"] = training
            if constants is not None and accepts_argument(cell.call, "constants"):
                arguments["constants"] = constants
            inputs, news = cell.call(inputs, own, **arguments)
            new_states = [*news, *new_states]
        return inputs, new_states

    @property
    def _layers(self) -> list[Layer]:
        return [cell for cell in self.cells if isinstance(cell, Layer)]

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes."""
        return (
            [weight for cell in self._layers for weight in cell.trainable_weights] if self.trainable else []
        )

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other weights."""
        fixed = [weight for cell in self._layers for weight in cell.non_trainable_weights]
        if self.trainable:
            return fixed
        return [weight for cell in self._layers for weight in cell.trainable_weights] + fixed

    @property
    def losses(self) -> list[Any]:
        """Losses that the cells add to the model's."""
        return [loss for cell in self._layers for loss in cell.losses]

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """Return the losses that depend on `inputs`; those that hold for every call for None."""
        return [loss for cell in self._layers for loss in cell.get_losses_for(inputs)]

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the cell from."""
        cells = [{"class_name": type(cell).__name__, "config": cell.get_config()} for cell in self.cells]
        return {**super().get_config(), "cells": cells}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Make the cell from its configuration."""
        config = dict(config)
        config["cells"] = [deserialize(cell, custom_objects) for cell in config["cells"]]
        return cls(**config)
