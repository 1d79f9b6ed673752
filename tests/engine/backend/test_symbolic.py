"""Numbers, lists and arrays where tensors are expected."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import backend as K

PLAIN: dict[str, tuple[Callable[[], Any], Any]] = {
    "a list": (lambda: K.sum([1.0, 2.0]), np.float32(3)),
    "a nested list": (lambda: K.mean([[1.0, 2.0], [3.0, 5.0]], axis=1), np.float32([1.5, 4])),
    "two lists": (lambda: K.maximum([1.0, 5.0], [2.0, 3.0]), np.float32([2, 5])),
    "a list by name": (lambda: K.dot(x=K.ones((1, 2)), y=[[1.0], [2.0]]), np.float32([[3]])),
    "whole numbers": (lambda: K.square([1, 2]), np.int32([1, 4])),
    "truth": (lambda: K.any([False, True]), np.bool_(True)),
    "indices": (lambda: K.gather([[1.0, 2.0], [3.0, 4.0]], [1, 0]), np.float32([[3, 4], [1, 2]])),
    "indices of more axes": (lambda: K.gather(K.constant([1.0, 2.0]), [[1, 0]]), np.float32([[2, 1]])),
    "one class": (lambda: K.one_hot(1, 3), np.float32([0, 1, 0])),
    "a number": (lambda: K.exp(0.0), np.float32(1)),
    "comparison": (lambda: K.equal([1, 2], [1, 3]), np.array([True, False])),
    "losses": (lambda: K.binary_crossentropy([1.0], [0.5]), np.log(np.float32([2]))),
    "operators": (lambda: K.constant([1.0, 2.0]) * [1.0, 2.0], np.float32([1, 4])),
    "operators from the left": (lambda: [4.0, 2.0] - K.constant([1.0, 2.0]), np.float32([3, 0])),
    "arrays of integers": (lambda: K.constant([1.0, 2.0]) * np.array([1, 2]), np.float32([1, 4])),
    "a list of tensors": (lambda: K.mean([K.ones((2,)), K.zeros((2,))], axis=0), np.float32([0.5, 0.5])),
    "tensors in nested lists": (
        lambda: K.sum([[K.constant(1.0), 2.0], [3.0, K.constant(4.0)]], axis=0),
        np.float32([4, 6]),
    ),
    "an axis to drop": (lambda: K.squeeze([[1.0, 2.0]], 0), np.float32([1, 2])),
    "a size alone": (lambda: K.zeros(3), np.zeros(3, "float32")),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_values_become_tensors(name: str) -> None:
    make, expected = PLAIN[name]
    value = K.eval(make())
    assert (value.dtype, value.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_a_number_takes_on_the_type_of_the_tensor() -> None:
    assert K.dtype(K.maximum(K.constant([1, 2], dtype="int32"), 1)) == "int32"
    assert K.dtype(K.constant([1.0], dtype="float64") * 2) == "float64"


def test_an_update_can_be_evaluated() -> None:
    x = K.variable(1.0)
    assert K.eval(K.update_add(x, 2.0)) == 3.0
    assert K.get_value(x) == 3.0
