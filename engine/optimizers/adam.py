"""Adam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.backend import optimization
from engine.optimizers.base import ScheduledOptimizer
from engine.optimizers.registry import register_optimizer


@register_optimizer
class Adam(ScheduledOptimizer):
    """Running averages of gradients, divided by the root of those of their squares.

    Sources: Kingma & Ba 2014, arXiv 1412.6980; for AMSGrad Reddi et al. 2018, "On the convergence of Adam and
    beyond".

    Args:
        lr: the learning rate, >= 0.
        beta_1: share of the average of gradients that is kept, between 0 and 1.
        beta_2: the same for their squares.
        epsilon: added to what is divided by; None for `K.epsilon()`.
        decay: by which the learning rate falls, >= 0.
        amsgrad: whether to divide by the largest average of squares so far.
        kwargs: `clipnorm` or `clipvalue`.
    """

    def __init__(
        self,
        lr: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float | None = None,
        decay: float = 0.0,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(lr, decay, **kwargs)
        self.beta_1 = self._make_scalar(beta_1, "beta_1")
        self.beta_2 = self._make_scalar(beta_2, "beta_2")
        self.epsilon = K.epsilon() if epsilon is None else epsilon
        self.amsgrad = amsgrad

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Return the updates of one training step."""
        averages = self._make_slots(params)
        squares = self._make_slots(params)
        # Keras's files hold placeholders where the largest squares are not kept.
        largest = (
            self._make_slots(params) if self.amsgrad else [K.zeros((1,), name="Variable") for _ in params]
        )
        self.weights = [self.iterations, *averages, *squares, *largest]
        return self._make_updates(
            optimization.adam_step,
            loss,
            params,
            [averages, squares, largest],
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
            amsgrad=self.amsgrad,
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return self._describe("lr", "beta_1", "beta_2", "decay", epsilon=self.epsilon, amsgrad=self.amsgrad)
