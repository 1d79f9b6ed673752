"""Stacks that change after they were used."""

from __future__ import annotations

import numpy as np
import pytest

from engine.layers import Dense
from engine.models import Sequential

X = np.random.default_rng(0).random((4, 3))


def test_predicts_by_the_layers_it_has_now() -> None:
    model = Sequential([Dense(2, input_shape=(3,))])
    before = model.predict(X)
    model.add(Dense(5))
    kernel, bias = model.layers[1].get_weights()
    np.testing.assert_allclose(model.predict(X), before @ kernel + bias, rtol=1e-5)
    model.pop()
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize("change", [lambda model: model.add(Dense(5)), lambda model: model.pop()])
def test_asks_to_be_compiled_again(change) -> None:
    model = Sequential([Dense(2, input_shape=(3,)), Dense(1)])
    model.compile("sgd", "mse")
    change(model)
    with pytest.raises(RuntimeError, match="must compile"):
        model.fit(X, X, verbose=0)
