"""Loss functions against their formulas in NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import losses

EPSILON = 1e-7
RANDOM = np.random.RandomState(3)
SHARES = RANDOM.dirichlet(np.ones(4), size=(5, 3)).astype("float32")
OTHER_SHARES = RANDOM.dirichlet(np.ones(4), size=(5, 3)).astype("float32")
NUMBERS = RANDOM.normal(size=(5, 3, 4)).astype("float32") * 3
OTHER_NUMBERS = RANDOM.normal(size=(5, 3, 4)).astype("float32") * 3
SIGNS = np.sign(RANDOM.normal(size=(5, 3, 4))).astype("float32")
ONE_HOT = np.eye(4, dtype="float32")[RANDOM.randint(0, 4, size=(5, 3))]


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x**2).sum(-1, keepdims=True))


def log_up(x: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(x, EPSILON) + 1)


CASES: list[tuple[str, np.ndarray, np.ndarray, Callable[[Any, Any], Any]]] = [
    ("mean_squared_error", NUMBERS, OTHER_NUMBERS, lambda t, p: ((p - t) ** 2).mean(-1)),
    ("mean_absolute_error", NUMBERS, OTHER_NUMBERS, lambda t, p: np.abs(p - t).mean(-1)),
    (
        "mean_absolute_percentage_error",
        NUMBERS,
        OTHER_NUMBERS,
        lambda t, p: 100 * np.abs((t - p) / np.abs(t)).mean(-1),
    ),
    (
        "mean_squared_logarithmic_error",
        NUMBERS,
        OTHER_NUMBERS,
        lambda t, p: ((log_up(p) - log_up(t)) ** 2).mean(-1),
    ),
    ("squared_hinge", SIGNS, NUMBERS, lambda t, p: (np.maximum(1 - t * p, 0) ** 2).mean(-1)),
    ("hinge", SIGNS, NUMBERS, lambda t, p: np.maximum(1 - t * p, 0).mean(-1)),
    (
        "categorical_hinge",
        ONE_HOT,
        NUMBERS,
        lambda t, p: np.maximum(((1 - t) * p).max(-1) - (t * p).sum(-1) + 1, 0),
    ),
    ("logcosh", NUMBERS, OTHER_NUMBERS, lambda t, p: np.log(np.cosh(p - t)).mean(-1)),
    ("categorical_crossentropy", ONE_HOT, SHARES, lambda t, p: -(t * np.log(p)).sum(-1)),
    (
        "binary_crossentropy",
        ONE_HOT,
        SHARES,
        lambda t, p: -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(-1),
    ),
    ("kullback_leibler_divergence", SHARES, OTHER_SHARES, lambda t, p: (t * np.log(t / p)).sum(-1)),
    ("poisson", NUMBERS, SHARES, lambda t, p: (p - t * np.log(p + EPSILON)).mean(-1)),
    ("cosine_proximity", NUMBERS, OTHER_NUMBERS, lambda t, p: -(unit(t) * unit(p)).sum(-1)),
]


@pytest.mark.parametrize(
    ("name", "targets", "predictions", "formula"), CASES, ids=[case[0] for case in CASES]
)
def test_formula(name: str, targets: np.ndarray, predictions: np.ndarray, formula: Any) -> None:
    loss = losses.get(name)
    result = K.eval(loss(K.variable(targets), K.variable(predictions)))
    expected = formula(targets.astype("float64"), predictions.astype("float64"))
    np.testing.assert_allclose(result, expected, rtol=2e-4, atol=1e-5)
    assert losses.serialize(loss) == name
    assert losses.deserialize(name) is loss


def test_sparse_categorical_crossentropy() -> None:
    classes = ONE_HOT.argmax(-1)
    expected = -(ONE_HOT * np.log(SHARES)).sum(-1)
    for shape in ((5, 3), (5, 3, 1)):
        targets = K.variable(classes.reshape(shape))
        result = K.eval(losses.sparse_categorical_crossentropy(targets, K.variable(SHARES)))
        np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_predictions_of_zero_and_one_stay_finite() -> None:
    sure = K.variable([[1.0, 0.0]])
    wrong = K.variable([[0.0, 1.0]])
    limit = -np.log(1e-7)
    for loss in (losses.categorical_crossentropy, losses.binary_crossentropy):
        assert K.eval(loss(wrong, sure))[0] == pytest.approx(limit, rel=0.01)
    assert K.eval(losses.kld(wrong, sure))[0] == pytest.approx(limit, rel=0.01)


def test_logcosh_does_not_overflow() -> None:
    result = K.eval(losses.logcosh(K.variable([[0.0, 0.0]]), K.variable([[1000.0, -1000.0]])))
    np.testing.assert_allclose(result, [1000 - np.log(2)], rtol=1e-6)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("mse", "mean_squared_error"),
        ("MSE", "mean_squared_error"),
        ("mae", "mean_absolute_error"),
        ("MAPE", "mean_absolute_percentage_error"),
        ("msle", "mean_squared_logarithmic_error"),
        ("kld", "kullback_leibler_divergence"),
        ("KLD", "kullback_leibler_divergence"),
        ("cosine", "cosine_proximity"),
    ],
)
def test_aliases(alias: str, name: str) -> None:
    assert losses.get(alias) is getattr(losses, name)
    assert getattr(losses, alias) is getattr(losses, name)


def test_identifiers() -> None:
    def own(y_true, y_pred):
        return y_pred

    assert losses.get(None) is None
    assert losses.get(own) is own
    assert losses.deserialize("own", {"own": own}) is own
    with pytest.raises(ValueError, match="own"):
        losses.get("own")
