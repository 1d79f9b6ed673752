"""Parts of tensors, against NumPy."""

from typing import Any

import numpy as np
import pytest

from engine import backend as K

X = np.arange(120.0).reshape(2, 3, 4, 5)
KEYS: list[Any] = [
    1,
    -1,
    (0, 2),
    slice(None, None, 2),
    (slice(None), 1, None),
    (Ellipsis, slice(1, 4)),
    (Ellipsis, slice(None, None, -1)),
    slice(None, None, -1),
    (0, slice(None, None, -1), None, slice(3, 0, -2)),
    (Ellipsis, None, slice(-1, None, -2)),
    (slice(None, None, -1), Ellipsis, 2),
    (slice(None), slice(0, 2, -1)),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_parts_are_those_of_numpy(key: Any) -> None:
    expected = X[key]
    x = K.placeholder((2, 3, 4, 5))
    part = x[key]
    assert K.int_shape(part) == expected.shape
    np.testing.assert_array_equal(K.function([x], [part])([X])[0], expected)


def test_backward_parts_of_unknown_sizes() -> None:
    x = K.placeholder((None, None, 2))
    part = x[::-1, ::-1]
    assert K.int_shape(part) == (None, None, 2)
    value = np.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_array_equal(K.function([x], [part])([value])[0], value[::-1, ::-1])


def test_backward_parts_beside_lists_of_indices_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Use `K\.reverse`"):
        K.placeholder((3, 4))[[0, 2], ::-1]


def test_an_index_may_be_computed() -> None:
    x, index = K.placeholder((None, 3)), K.placeholder((), dtype="int32")
    part = x[:, index]
    assert K.int_shape(part) == (None,)
    compute = K.function([x, index], [part, *K.gradients(part, [x])])
    value, gradient = compute([np.arange(6.0).reshape(2, 3), 2])
    assert value.tolist() == [2, 5]
    assert gradient.tolist() == [[0, 0, 1], [0, 0, 1]]
    assert K.eval(K.constant([1.0, 2.0])[K.constant(1, dtype="int32")]) == 2
