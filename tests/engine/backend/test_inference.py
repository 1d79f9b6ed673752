"""Static shapes where an unknown size meets another one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import backend as K

MERGES: dict[str, tuple[Callable[..., Any], list[Any], list[tuple[int, ...]], Any]] = {
    "rows of a constant": (lambda x: x * K.ones((3, 4)), [(None, 4)], [(3, 4)], (3, 4)),
    "a single row keeps the batch unknown": (lambda x: x * K.ones((1, 4)), [(None, 4)], [(3, 4)], (None, 4)),
    "random rows": (lambda x: x * 0 + K.random_normal((5, 2)), [(None, 2)], [(5, 2)], (5, 2)),
    "an unknown width": (lambda x, y: x + y, [(None, None), (None, 7)], [(2, 7), (2, 7)], (None, 7)),
    "several at once": (
        lambda x, y: x * y,
        [(None, None, 3), (4, 5, 3)],
        [(4, 5, 3), (4, 5, 3)],
        (4, 5, 3),
    ),
    "a batch and another axis": (lambda x, y: x + y, [(None,), (2, None)], [(3,), (2, 3)], (2, None)),
    "joined rows": (lambda x, y: K.concatenate([x, y]), [(None, 3), (5, 2)], [(5, 3), (5, 2)], (5, 5)),
    "an inner axis": (lambda x, y: K.dot(x, y), [(None, None), (5, 2)], [(3, 5), (5, 2)], (None, 2)),
    "matrices a sample": (
        lambda x, y: K.batch_dot(x, y),
        [(None, None, 4), (5, 4, 3)],
        [(5, 2, 4), (5, 4, 3)],
        (5, None, 3),
    ),
    "a product with itself": (lambda x: K.dot(x, K.transpose(x)) - K.eye(3), [(None, 4)], [(3, 4)], (3, 3)),
    "stacked rows": (lambda x: K.stack([x, K.zeros((3, 4))]), [(None, 4)], [(3, 4)], (2, 3, 4)),
    "a row far down": (lambda x: x[20], [(None, 4)], [(21, 4)], (4,)),
    "a new shape": (lambda x: K.reshape(x, (3, 5, 1)), [(None, 5)], [(3, 5)], (3, 5, 1)),
    "a new shape in part": (lambda x: K.reshape(x, (-1, 11)), [(None, None)], [(2, 22)], (None, 11)),
    "integers of NumPy": (lambda x: x * np.array([1, 2]), [(None, 2)], [(3, 2)], (None, 2)),
}


@pytest.mark.parametrize("name", MERGES)
def test_unknown_sizes_are_those_they_meet(name: str) -> None:
    function, shapes, sizes, expected = MERGES[name]
    inputs = [K.placeholder(shape) for shape in shapes]
    result = function(*inputs)
    assert K.int_shape(result) == expected
    values = [np.random.RandomState(1).rand(*size) for size in sizes]
    (value,) = K.function(inputs, [result])(values)
    assert len(expected) == value.ndim
    assert all(known in (None, size) for known, size in zip(expected, value.shape, strict=True))


@pytest.mark.parametrize(
    "function",
    [
        lambda: K.placeholder((None, 8)) + K.ones((3, 7)),
        lambda: K.dot(K.placeholder((None, 8)), K.ones((7, 3))),
        lambda: K.reshape(K.placeholder((4, 5)), (3, 7)),
        lambda: K.concatenate([K.placeholder((None, 3)), K.placeholder((None, 3, 1))]),
    ],
)
def test_sizes_that_can_not_fit_are_refused(function: Callable[[], Any]) -> None:
    with pytest.raises((RuntimeError, ValueError)):
        function()


def test_what_fits_in_several_ways_stays_unknown() -> None:
    """Either axis of x may be the one of three rows: which one it is shows in the shape alone."""
    x = K.placeholder((None, None))
    either = K.record(_keep_one_axis, (x, K.ones((3,))))
    assert K.int_shape(either) == (None, None)


def _keep_one_axis(x: Any, rows: Any) -> Any:
    if rows.shape[0] not in x.shape:
        raise ValueError("No axis has as many rows.")
    return x


def test_a_wrong_size_shows_when_data_arrives() -> None:
    x = K.placeholder((None, 4))
    compute = K.function([x], [x * K.ones((3, 4))])
    with pytest.raises(RuntimeError):
        compute([np.ones((2, 4))])
