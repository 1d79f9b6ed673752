"""Adagrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.backend import optimization
from engine.optimizers.base import ScheduledOptimizer
from engine.optimizers.registry import register_optimizer


@register_optimizer
class Adagrad(ScheduledOptimizer):
    """Gradients divided by the root of the sum of their squares so far.

    Source: Duchi et al. 2011, "Adaptive subgradient methods for online learning and stochastic optimization".

    Args:
        lr: the learning rate, >= 0.
        epsilon: added to what is divided by; None for `K.epsilon()`.
        decay: by which the learning rate falls, >= 0.
        kwargs: `clipnorm` or `clipvalue`; as later lines have them, `has_inner_epsilon` adds epsilon inside the
            root, and `initial_accumulator_value` is what the sums start from.
    """

    later_arguments = (
        *ScheduledOptimizer.later_arguments,
        "has_inner_epsilon",
        "initial_accumulator_value",
    )

    def __init__(
        self, lr: float = 0.01, epsilon: float | None = None, decay: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(lr, decay, **kwargs)
        self.epsilon = K.epsilon() if epsilon is None else epsilon

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Return the updates of one training step."""
        start = getattr(self, "initial_accumulator_value", 0.0)
        squares = self._make_slots(params, start)
        self.weights = squares
        return self._make_updates(
            optimization.adagrad_step,
            loss,
            params,
            [squares],
            epsilon=self.epsilon,
            has_inner_epsilon=getattr(self, "has_inner_epsilon", False),
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return self._describe("lr", "decay", epsilon=self.epsilon)
