"""What predictions make of weights once, they make anew after a training step changed the weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from engine.layers import LSTM, BatchNormalization, Conv2D, Flatten
from engine.models import Sequential
from engine.optimizers import SGD, Adam, Optimizer, TFOptimizer


def normalized() -> Sequential:
    normalization = BatchNormalization()
    normalization.trainable = False
    return Sequential([Conv2D(3, 3, input_shape=(6, 6, 2)), normalization, Flatten()])


def recurrent() -> Sequential:
    return Sequential([LSTM(5, recurrent_activation="sigmoid", input_shape=(4, 3))])


OPTIMIZERS: dict[str, Callable[[], Optimizer]] = {
    "adam": Adam,
    "sgd": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "torch": lambda: TFOptimizer(lambda weights: torch.optim.Adam(weights, fused=True)),
}


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("make", [normalized, recurrent])
def test_predictions_follow_training(
    make: Callable[[], Sequential], make_optimizer: Callable[[], Optimizer]
) -> None:
    model, fresh = make(), make()
    generator = np.random.default_rng(0)
    x, y = (generator.normal(size=(18, *shape[1:])) for shape in (model.input_shape, model.output_shape))
    model.compile(make_optimizer(), "mse")
    before = model.predict(x, batch_size=2)
    model.fit(x, y, batch_size=2, verbose=0)
    found = model.predict(x, batch_size=2)
    fresh.set_weights(model.get_weights())
    np.testing.assert_array_equal(found, fresh.predict(x, batch_size=2))
    assert not np.allclose(found, before, rtol=1e-3)
