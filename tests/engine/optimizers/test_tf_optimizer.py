"""Optimizers that torch brings."""

from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import optimizers


class Descent:
    """Has what torch's optimizers have."""

    def __init__(self, parameters: list[Any]) -> None:
        self.parameters = parameters

    def step(self) -> None:
        for parameter in self.parameters:
            parameter -= 0.25 * parameter.grad


def test_the_wrapped_optimizer_takes_the_steps() -> None:
    weight = K.variable(np.array([1.0, -2.0]))
    optimizer = optimizers.TFOptimizer(Descent)
    loss = K.sum(K.square(weight))
    train = K.function([], [loss], optimizer.get_updates(loss, [weight]))
    assert [float(train([])[0]) for _ in range(3)] == [5.0, 1.25, 0.3125]
    assert K.get_value(optimizer.iterations) == 3


def test_it_can_not_be_saved() -> None:
    with pytest.raises(ValueError, match="include_optimizer=False"):
        optimizers.TFOptimizer(Descent).get_config()
