"""Metrics."""

import numpy as np
import pytest

from engine import backend as K
from engine import losses, metrics

SHARES = np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.2, 0.3, 0.5]], dtype="float32")
CLASSES = np.array([[1], [2], [0]], dtype="float32")
ONE_HOT = np.eye(3, dtype="float32")[CLASSES[:, 0].astype(int)]


def test_accuracies() -> None:
    shares = K.variable(SHARES)
    right = [1.0, 0.0, 0.0]
    np.testing.assert_array_equal(K.eval(metrics.categorical_accuracy(K.variable(ONE_HOT), shares)), right)
    np.testing.assert_array_equal(
        K.eval(metrics.sparse_categorical_accuracy(K.variable(CLASSES), shares)), right
    )
    binary = metrics.binary_accuracy(
        K.variable([[1.0, 0.0], [1.0, 1.0]]), K.variable([[0.9, 0.2], [0.4, 0.6]])
    )
    np.testing.assert_array_equal(K.eval(binary), [1.0, 0.5])


@pytest.mark.parametrize(("k", "expected"), [(1, 1 / 3), (2, 2 / 3), (3, 1.0)])
def test_top_k(k: int, expected: float) -> None:
    shares = K.variable(SHARES)
    dense = metrics.top_k_categorical_accuracy(K.variable(ONE_HOT), shares, k=k)
    sparse = metrics.sparse_top_k_categorical_accuracy(K.variable(CLASSES), shares, k=k)
    assert K.eval(dense) == pytest.approx(expected)
    assert K.eval(sparse) == pytest.approx(expected)


def test_every_loss_is_a_metric() -> None:
    for name, loss in losses.list_losses().items():
        assert metrics.get(name) is loss
    assert metrics.mse is losses.mean_squared_error


def test_identifiers() -> None:
    for name in ("binary_accuracy", "top_k_categorical_accuracy"):
        metric = metrics.get(name)
        assert metrics.serialize(metric) == name
        assert metrics.deserialize(name) is metric
    assert metrics.get(K.mean) is K.mean
    for identifier in (None, "no_such"):
        with pytest.raises(ValueError, match="metric function"):
            metrics.get(identifier)
