"""Adamax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.backend import optimization
from engine.optimizers.base import ScheduledOptimizer
from engine.optimizers.registry import register_optimizer


@register_optimizer
class Adamax(ScheduledOptimizer):
    """Adam with the infinity norm in place of the L2 norm (Kingma & Ba 2014, arXiv 1412.6980, section 7).

    Args:
        lr: the learning rate, >= 0.
        beta_1: share of the average of gradients that is kept, between 0 and 1.
        beta_2: share of the largest gradient that is kept.
        epsilon: added to what is divided by; None for `K.epsilon()`.
        decay: by which the learning rate falls, >= 0.
        kwargs: `clipnorm` or `clipvalue`.
    """

    def __init__(
        self,
        lr: float = 0.002,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float | None = None,
        decay: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(lr, decay, **kwargs)
        self.beta_1 = self._make_scalar(beta_1, "beta_1")
        self.beta_2 = self._make_scalar(beta_2, "beta_2")
        self.epsilon = K.epsilon() if epsilon is None else epsilon

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Return the updates of one training step."""
        averages = self._make_slots(params)
        largest = self._make_slots(params)
        self.weights = [self.iterations, *averages, *largest]
        return self._make_updates(
            optimization.adamax_step,
            loss,
            params,
            [averages, largest],
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return self._describe("lr", "beta_1", "beta_2", "decay", epsilon=self.epsilon)
