"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.backend import optimization
from engine.optimizers.base import ScheduledOptimizer
from engine.optimizers.registry import register_optimizer


@register_optimizer
class SGD(ScheduledOptimizer):
    """Stochastic gradient descent with momentum.

    Args:
        lr: the learning rate, >= 0.
        momentum: share of the last move that is kept, >= 0.
        decay: by which the learning rate falls, >= 0.
        nesterov: whether to use Nesterov's momentum.
        kwargs: `clipnorm` or `clipvalue`.
    """

    def __init__(
        self,
        lr: float = 0.01,
        momentum: float = 0.0,
        decay: float = 0.0,
        nesterov: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(lr, decay, **kwargs)
        self.momentum = self._make_scalar(momentum, "momentum")
        self.nesterov = nesterov

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Return the updates of one training step."""
        moments = self._make_slots(params)
        self.weights = [self.iterations, *moments]
        return self._make_updates(
            optimization.sgd_step, loss, params, [moments], momentum=self.momentum, nesterov=self.nesterov
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return self._describe("lr", "momentum", "decay", nesterov=self.nesterov)
