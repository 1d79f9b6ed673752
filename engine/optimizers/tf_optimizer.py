"""Optimizers that the backend's library brings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine import backend as K
from engine.backend import optimization
from engine.optimizers.base import Optimizer
from engine.optimizers.registry import register_optimizer


@register_optimizer
class TFOptimizer(Optimizer):
    """Wraps an optimizer of the backend's library, torch here; the name is Keras's.

    It has neither a configuration nor weights that could be saved, and constraints do not apply.

    Args:
        optimizer: makes the optimizer from a list of torch tensors, such as
            `lambda parameters: torch.optim.AdamW(parameters, lr=1e-3)`.
    """

    def __init__(self, optimizer: Callable[[list[Any]], Any]) -> None:
        super().__init__()
        self.optimizer = optimizer
        with K.name_scope(type(self).__name__):
            self.iterations = K.variable(0, dtype="int64", name="iterations")

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Return the updates of one training step."""
        step = optimization.NativeStep(self.optimizer)
        gradients = self.get_gradients(loss, params)
        self.updates = [K.mutate(step, list(params), gradients, self.iterations)]
        return self.updates

    def get_config(self) -> dict[str, Any]:
        """Raise an error: there is no configuration.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "A TFOptimizer can't be saved. Save the model with `include_optimizer=False`, or train with one "
            "of the optimizers of Keras."
        )
