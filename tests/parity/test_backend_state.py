"""Names, types, variables and updates of the backend, value by value."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine import backend as K


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    with K.isolated_state():
        yield


VALUE = np.arange(6.0).reshape(2, 3)


def test_names_are_counted_by_prefix_until_they_are_forgotten() -> None:
    assert [K.get_uid("dense"), K.get_uid("dense"), K.get_uid("conv"), K.get_uid()] == [1, 2, 1, 1]
    K.reset_uids()
    assert K.get_uid("dense") == 1
    K.clear_session()
    assert K.get_uid("dense") == 1


def test_a_cleared_session_forgets_the_learning_phase() -> None:
    K.set_learning_phase(1)
    assert K.learning_phase() == 1
    K.clear_session()
    assert K.is_placeholder(K.learning_phase())


def test_variables_have_values_whoever_is_to_initialise_them() -> None:
    K.manual_variable_initialization(True)
    np.testing.assert_array_equal(K.eval(K.ones((2,))), [1, 1])
    K.manual_variable_initialization(False)


@pytest.mark.parametrize(
    ("make", "is_placeholder"),
    [
        (lambda: K.placeholder((2, 3)), True),
        (lambda: K.variable(VALUE), False),
        (lambda: K.constant(VALUE), False),
        (lambda: K.placeholder((2, 3)) * 2, False),
    ],
)
def test_every_tensor_tells_its_shape_and_type(make: Any, is_placeholder: bool) -> None:
    tensor = make()
    assert K.is_placeholder(tensor) is is_placeholder
    assert (K.ndim(tensor), K.int_shape(tensor), K.count_params(tensor)) == (2, (2, 3), 6)
    assert K.dtype(tensor) == "float32"
    assert K.is_tensor(tensor)
    assert not K.is_keras_tensor(tensor)
    assert not K.is_sparse(tensor)


def test_backend_is_torch() -> None:
    assert K.backend() == "torch"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_made_tensors(dtype: str) -> None:
    made = [
        (K.variable(VALUE, dtype), VALUE),
        (K.constant(VALUE, dtype), VALUE),
        (K.constant(7, dtype, shape=(2, 3)), np.full((2, 3), 7)),
        (K.zeros((2, 3), dtype), np.zeros((2, 3))),
        (K.ones((2, 3), dtype), np.ones((2, 3))),
        (K.eye(3, dtype), np.eye(3)),
        (K.zeros_like(K.variable(VALUE), dtype), np.zeros((2, 3))),
        (K.ones_like(K.variable(VALUE), dtype), np.ones((2, 3))),
        (K.cast(K.variable(VALUE), dtype), VALUE),
    ]
    for tensor, expected in made:
        value = K.eval(tensor)
        assert (value.dtype, K.int_shape(tensor)) == (np.dtype(dtype), expected.shape)
        np.testing.assert_array_equal(value, expected)


def test_values_are_read_and_written() -> None:
    x, y = K.variable(VALUE), K.variable(1.0)
    np.testing.assert_array_equal(K.get_value(x), VALUE)
    K.set_value(x, VALUE + 1)
    K.batch_set_value([(y, 5.0), (x, K.get_value(x) * 2)])
    first, second = K.batch_get_value([x, y])
    np.testing.assert_array_equal(first, (VALUE + 1) * 2)
    assert second == 5
    first[:] = 0
    assert K.get_value(x).max() == 12
    with pytest.raises(ValueError, match="shape"):
        K.set_value(x, VALUE.T)


def test_updates_run_after_everything_was_computed() -> None:
    x = K.placeholder((2, 3))
    names = ("update", "update_add", "update_sub", "average", "sum")
    a, b, c, d, e = (K.variable(VALUE, name=name) for name in names)
    updates = [
        K.update(a, x * 2),
        K.update_add(b, x),
        K.update_sub(c, x),
        K.moving_average_update(d, x, 0.75),
        (e, a + b),
    ]
    (total,) = K.function([x], [K.sum(a)], updates=updates)([np.ones((2, 3))])
    assert total == VALUE.sum()
    expected = [np.full((2, 3), 2.0), VALUE + 1, VALUE - 1, VALUE * 0.75 + 0.25, VALUE * 2]
    for variable, value in zip((a, b, c, d, e), expected, strict=True):
        np.testing.assert_allclose(K.get_value(variable), value, rtol=1e-6)


def test_both_phases_choose_their_branch() -> None:
    x = K.placeholder((None, 2))
    outputs = [K.in_train_phase(x, -x), K.in_test_phase(lambda: x, lambda: -x), K.in_test_phase(x, -x, True)]
    assert [K.int_shape(output) for output in outputs] == [(None, 2)] * 3
    compute = K.function([x, K.learning_phase()], outputs)
    one = np.ones((1, 2))
    assert [value[0, 0] for value in compute([one, 1])] == [1, -1, -1]
    assert [value[0, 0] for value in compute([one, 0])] == [-1, 1, -1]
    assert outputs[0]._uses_learning_phase
    assert not outputs[2]._uses_learning_phase
