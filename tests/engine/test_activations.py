"""Activation functions by name."""

import numpy as np
import pytest

from engine import activations
from engine import backend as K
from engine.registry import custom_object_scope

X = np.array([[-3.0, -0.5, 0.0, 0.25, 4.0], [7.0, 1.0, -1.0, -6.0, 0.5]], dtype="float32")
FORMULAS = {
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1)),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "linear": lambda x: x,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formula_and_name(name: str) -> None:
    activation = activations.get(name)
    np.testing.assert_allclose(K.eval(activation(K.variable(X))), FORMULAS[name](X), atol=1e-6)
    assert activations.serialize(activation) == name
    assert activations.deserialize(name) is activation


def test_arguments() -> None:
    x = K.variable(X)
    np.testing.assert_allclose(
        K.eval(activations.relu(x, alpha=0.1, max_value=3.0)), np.where(X > 0, np.minimum(X, 3), 0.1 * X)
    )
    columns = K.eval(activations.softmax(x, axis=0))
    np.testing.assert_allclose(columns.sum(0), np.ones(5), atol=1e-6)


def test_none_is_linear_and_functions_stay_as_they_are() -> None:
    assert activations.get(None) is activations.linear
    assert activations.get(K.tanh) is K.tanh


def test_softmax_of_one_axis_is_refused() -> None:
    with pytest.raises(ValueError, match="1D"):
        activations.softmax(K.variable([1.0, 2.0]))


def test_custom_function_is_found_by_name() -> None:
    def twice(x):
        return 2 * x

    with pytest.raises(ValueError, match="Unknown activation function: twice"):
        activations.get("twice")
    with custom_object_scope({"twice": twice}):
        assert activations.get("twice") is twice
    assert activations.deserialize("twice", {"twice": twice}) is twice
    with pytest.raises(ValueError, match="interpret"):
        activations.get(3)
