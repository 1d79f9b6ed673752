"""Constraints that weights keep."""

from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import constraints

W = np.random.RandomState(0).normal(size=(3, 3, 2, 4)).astype("float32") * 2


def norms(w: np.ndarray, axis: Any) -> np.ndarray:
    return np.sqrt((w**2).sum(axis=axis, keepdims=True))


@pytest.mark.parametrize("axis", [0, -1, (0, 1, 2)])
def test_norms_end_where_they_should(axis: Any) -> None:
    w, axes = K.variable(W), list(axis) if isinstance(axis, tuple) else axis
    before = norms(W, axis)
    largest = constraints.MaxNorm(1.5, axes)(w)
    np.testing.assert_allclose(norms(K.eval(largest), axis), np.minimum(before, 1.5), rtol=1e-5)
    unit = constraints.UnitNorm(axes)(w)
    np.testing.assert_allclose(norms(K.eval(unit), axis), np.ones_like(before), rtol=1e-5)
    between = constraints.MinMaxNorm(2.0, 3.0, rate=0.25, axis=axes)(w)
    wanted = 0.25 * np.clip(before, 2.0, 3.0) + 0.75 * before
    np.testing.assert_allclose(norms(K.eval(between), axis), wanted, rtol=1e-5)


def test_non_neg() -> None:
    np.testing.assert_array_equal(K.eval(constraints.NonNeg()(K.variable(W))), np.maximum(W, 0))


@pytest.mark.parametrize(
    "constraint",
    [
        constraints.MaxNorm(1.5, axis=[0, 1]),
        constraints.NonNeg(),
        constraints.UnitNorm(axis=1),
        constraints.MinMaxNorm(0.1, 0.9, rate=0.5, axis=2),
    ],
    ids=lambda item: type(item).__name__,
)
def test_round_trip(constraint: Any) -> None:
    described = constraints.serialize(constraint)
    again = constraints.deserialize(described)
    assert type(again) is type(constraint)
    assert constraints.serialize(again) == described


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("max_norm", constraints.MaxNorm),
        ("maxnorm", constraints.MaxNorm),
        ("non_neg", constraints.NonNeg),
        ("nonneg", constraints.NonNeg),
        ("unit_norm", constraints.UnitNorm),
        ("unitnorm", constraints.UnitNorm),
        ("min_max_norm", constraints.MinMaxNorm),
    ],
)
def test_names(name: str, cls: type) -> None:
    assert type(constraints.get(name)) is cls
    assert getattr(constraints, name) is cls


def test_identifiers() -> None:
    assert constraints.get(None) is None
    assert constraints.get(abs) is abs
    with pytest.raises(ValueError, match="no_such"):
        constraints.get("no_such")
