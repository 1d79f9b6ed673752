"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.backend import optimization
from engine.optimizers.base import ScheduledOptimizer
from engine.optimizers.registry import register_optimizer


@register_optimizer
class RMSprop(ScheduledOptimizer):
    """Gradients divided by a running average of their size; usually a good choice for recurrent networks.

    Source: Tieleman & Hinton 2012, lecture 6 of "Neural networks for machine learning".

    Args:
        lr: the learning rate, >= 0.
        rho: share of the average of squared gradients that is kept, >= 0.
        epsilon: added to what is divided by; None for `K.epsilon()`.
        decay: by which the learning rate falls, >= 0.
        kwargs: `clipnorm` or `clipvalue`; `has_inner_epsilon` adds epsilon inside the root, as later lines do.
    """

    later_arguments = (*ScheduledOptimizer.later_arguments, "has_inner_epsilon")

    def __init__(
        self,
        lr: float = 0.001,
        rho: float = 0.9,
        epsilon: float | None = None,
        decay: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(lr, decay, **kwargs)
        self.rho = self._make_scalar(rho, "rho")
        self.epsilon = K.epsilon() if epsilon is None else epsilon

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Return the updates of one training step."""
        squares = self._make_slots(params)
        self.weights = squares
        return self._make_updates(
            optimization.rmsprop_step,
            loss,
            params,
            [squares],
            rho=self.rho,
            epsilon=self.epsilon,
            has_inner_epsilon=getattr(self, "has_inner_epsilon", False),
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return self._describe("lr", "rho", "decay", epsilon=self.epsilon)
