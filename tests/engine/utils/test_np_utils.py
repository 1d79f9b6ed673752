"""Class matrices and norms."""

from __future__ import annotations

import numpy as np
import pytest

from engine.utils import normalize, to_categorical


@pytest.mark.parametrize("shape", [(1,), (5,), (5, 1), (4, 3), (4, 3, 1), (1, 1), (0,)])
def test_to_categorical_has_one_at_each_class(shape: tuple[int, ...]) -> None:
    labels = np.random.default_rng(0).integers(0, 6, shape)
    matrix = to_categorical(labels, 6)
    wanted = shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape
    assert matrix.shape == (*wanted, 6)
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix.sum(axis=-1), np.ones(wanted))
    np.testing.assert_array_equal(matrix.argmax(axis=-1).ravel(), labels.ravel())


def test_the_number_of_classes_is_one_more_than_the_greatest() -> None:
    assert to_categorical([0, 3]).shape == (2, 4)
    assert to_categorical([]).shape == (0, 0)


@pytest.mark.parametrize("labels", [[0, -1], [0, 3]])
def test_numbers_that_are_no_class_are_refused(labels: list[int]) -> None:
    with pytest.raises(ValueError, match=r"from 0 to 2 for 3 classes\. Found: .*(-1 to 0|0 to 3)"):
        to_categorical(labels, 3)


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("order", [1, 2])
def test_normalize(axis: int, order: int) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    result = normalize(x, axis, order)
    np.testing.assert_allclose((np.abs(result) ** order).sum(axis=axis) ** (1 / order), 1)
    np.testing.assert_allclose(np.sign(result), np.sign(x))
    np.testing.assert_array_equal(normalize(np.zeros((2, 3)), axis, order), np.zeros((2, 3)))
