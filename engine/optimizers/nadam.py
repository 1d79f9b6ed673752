"""Nadam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.backend import optimization
from engine.optimizers.base import ScheduledOptimizer
from engine.optimizers.registry import register_optimizer


@register_optimizer
class Nadam(ScheduledOptimizer):
    """Adam with Nesterov's momentum.

    Sources: Dozat 2015, "Incorporating Nesterov momentum into Adam"; Sutskever et al. 2013, "On the
    importance of initialization and momentum in deep learning".

    Args:
        lr: the learning rate, >= 0.
        beta_1: share of the average of gradients that is kept, between 0 and 1.
        beta_2: the same for their squares.
        epsilon: added to what is divided by; None for `K.epsilon()`.
        schedule_decay: how fast the momentum warms up to `beta_1`.
        kwargs: `clipnorm` or `clipvalue`.
    """

    def __init__(
        self,
        lr: float = 0.002,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float | None = None,
        schedule_decay: float = 0.004,
        **kwargs: Any,
    ) -> None:
        super().__init__(lr, None, **kwargs)
        self.m_schedule = self._make_scalar(1.0, "m_schedule")
        self.beta_1 = self._make_scalar(beta_1, "beta_1")
        self.beta_2 = self._make_scalar(beta_2, "beta_2")
        self.schedule_decay = schedule_decay
        self.epsilon = K.epsilon() if epsilon is None else epsilon

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Return the updates of one training step."""
        averages = self._make_slots(params)
        squares = self._make_slots(params)
        self.weights = [self.iterations, *averages, *squares]
        return self._make_updates(
            optimization.nadam_step,
            loss,
            params,
            [averages, squares],
            m_schedule=self.m_schedule,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            schedule_decay=self.schedule_decay,
            epsilon=self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return self._describe(
            "lr", "beta_1", "beta_2", epsilon=self.epsilon, schedule_decay=self.schedule_decay
        )
