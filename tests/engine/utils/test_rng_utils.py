"""Runs that repeat."""

from __future__ import annotations

import random

import numpy as np
import pytest

from engine import backend as K
from engine import layers, models
from engine.utils import set_random_seed


def run() -> list[np.ndarray]:
    with K.isolated_state():
        set_random_seed(7)
        x = np.random.normal(size=(16, 4))
        model = models.Sequential([layers.Dense(8, input_shape=(4,)), layers.Dropout(0.5), layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x, x[:, :1], batch_size=4, epochs=2, verbose=0)
        return [*model.get_weights(), np.asarray(random.random())]


def test_a_seed_repeats_weights_order_and_dropout() -> None:
    for first, second in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_out_of_range(seed: int) -> None:
    with pytest.raises(ValueError, match=str(seed)):
        set_random_seed(seed)
