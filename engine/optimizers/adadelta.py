"""Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.backend import optimization
from engine.optimizers.base import ScheduledOptimizer
from engine.optimizers.registry import register_optimizer


@register_optimizer
class Adadelta(ScheduledOptimizer):
    """Moves scaled by the ratio of running averages of past moves and of gradients.

    Source: Zeiler 2012, "Adadelta: an adaptive learning rate method", arXiv 1212.5701.

    Args:
        lr: the learning rate, >= 0; best left at 1.
        rho: share of the running averages that is kept, >= 0.
        epsilon: added to the averages; None for `K.epsilon()`.
        decay: by which the learning rate falls, >= 0.
        kwargs: `clipnorm` or `clipvalue`.
    """

    def __init__(
        self,
        lr: float = 1.0,
        rho: float = 0.95,
        epsilon: float | None = None,
        decay: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(lr, decay, **kwargs)
        self.rho = rho
        self.epsilon = K.epsilon() if epsilon is None else epsilon

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Return the updates of one training step."""
        squares = self._make_slots(params)
        squared_moves = self._make_slots(params)
        self.weights = [*squares, *squared_moves]
        return self._make_updates(
            optimization.adadelta_step,
            loss,
            params,
            [squares, squared_moves],
            rho=self.rho,
            epsilon=self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return self._describe("lr", "decay", rho=self.rho, epsilon=self.epsilon)
