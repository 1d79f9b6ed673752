"""Switches, printing, ranking, sparse input, creation."""

import threading
from typing import Any

import numpy as np
import pytest

from engine import backend as K


def test_switch_takes_functions_and_plain_conditions() -> None:
    x = K.placeholder((None, 2))
    outputs = [
        K.switch(K.shape(x)[0] > 2, lambda: x, lambda: -x),
        K.switch(True, x, lambda: x / 0),
    ]
    value = np.array([[1.0, 2.0]])
    first, second = K.function([x], outputs)([value])
    np.testing.assert_array_equal(first, -value)
    np.testing.assert_array_equal(second, value)


def test_switch_refuses_a_condition_of_more_axes() -> None:
    with pytest.raises(ValueError, match="more axes"):
        K.switch(K.placeholder((None, 2)) > 0, K.placeholder((None,)), K.placeholder((None,)))


def test_switch_runs_one_of_two_functions(capfd: pytest.CaptureFixture[str]) -> None:
    condition, x = K.placeholder(()), K.placeholder((None, 2))
    kernel = K.variable([[1.0], [2.0]])
    chosen = K.switch(
        condition,
        lambda: K.print_tensor(K.dot(x, kernel), "first "),
        lambda: K.print_tensor(K.sum(x, 1, keepdims=True) * 10, "second "),
    )
    assert K.int_shape(chosen) == (None, 1)
    compute = K.function([condition, x], [chosen, *K.gradients(chosen, [kernel, x])])
    value, by_kernel, by_x = compute([1, [[3.0, 4.0]]])
    assert capfd.readouterr().out == "first [[11.]]\n"
    assert (value.tolist(), by_kernel.tolist(), by_x.tolist()) == ([[11.0]], [[3.0], [4.0]], [[1.0, 2.0]])
    value, by_kernel, by_x = compute([0, [[3.0, 4.0]]])
    assert capfd.readouterr().out == "second [[70.]]\n"
    assert (value.tolist(), by_kernel.tolist(), by_x.tolist()) == ([[70.0]], [[0.0], [0.0]], [[10.0, 10.0]])


def test_switch_merges_the_shapes_of_its_branches() -> None:
    condition, x = K.placeholder(()), K.placeholder((None, 2))
    chosen = K.switch(condition, lambda: x * 2, K.ones((3, 2)))
    assert K.int_shape(chosen) == (3, 2)
    compute = K.function([condition, x], [chosen])
    np.testing.assert_array_equal(compute([0, np.ones((3, 2))])[0], np.ones((3, 2)))


def test_a_branch_follows_the_learning_phase() -> None:
    condition = K.placeholder(())
    chosen = K.switch(condition, lambda: K.in_train_phase(K.constant(1.0), K.constant(2.0)), K.constant(3.0))
    assert chosen._uses_learning_phase
    compute = K.function([condition, K.learning_phase()], [chosen])
    assert [compute([flag, phase])[0] for flag in (1, 0) for phase in (1, 0)] == [1, 2, 3, 3]


def test_print_tensor_prints_at_each_run(capfd: pytest.CaptureFixture[str]) -> None:
    x = K.placeholder((None,))
    compute = K.function([x], [K.print_tensor(x, message="x is: ") * 2])
    assert capfd.readouterr().out == ""
    assert compute([np.array([1.0, 2.0])])[0].tolist() == [2.0, 4.0]
    compute([np.array([3.0])])
    assert capfd.readouterr().out == "x is: [1. 2.]\nx is: [3.]\n"


def test_in_top_k_counts_ties_and_knows_no_class_out_of_range() -> None:
    predictions = np.array(
        [[0.1, 0.4, 0.4, 0.1], [0.1, 0.4, 0.4, 0.1], [0.5, 0.3, 0.2, 0.0], [1.0, np.nan, 0, 0]]
    )
    p, t = K.placeholder((None, 4)), K.placeholder((None,), dtype="int32")
    compute = K.function([p, t], [K.in_top_k(p, t, 1), K.in_top_k(p, t, 3)])
    best, third = compute([predictions, np.array([1, 2, 4, 0])])
    assert best.tolist() == [True, True, False, False]
    assert third.tolist() == [True, True, False, False]
    best, third = compute([predictions, np.array([0, 0, 1, 1])])
    assert best.tolist() == [False, False, False, False]
    assert third.tolist() == [True, True, True, False]


def test_zeros_ones_and_eye_are_variables_and_tensors_where_everything_computes() -> None:
    for make, expected in ((K.zeros, np.zeros((2, 3))), (K.ones, np.ones((2, 3)))):
        variable = make((2, 3), dtype="float64", name="made")
        assert isinstance(variable, K.Variable)
        assert K.dtype(variable) == "float64"
        np.testing.assert_array_equal(K.get_value(variable), expected)
        with K.computing():
            np.testing.assert_array_equal(make((2, 3)).numpy(), expected)
    np.testing.assert_array_equal(K.eval(K.eye(3)), np.eye(3))


def test_squeeze_refuses_a_wider_axis() -> None:
    with pytest.raises(ValueError, match="not size 1"):
        K.squeeze(K.placeholder((None, 3)), 1)
    x = K.placeholder((None, None))
    squeezed = K.function([x], [K.squeeze(x, 1)])
    assert squeezed([np.ones((2, 1))])[0].shape == (2,)
    with pytest.raises(ValueError, match="not size 1"):
        squeezed([np.ones((2, 3))])


def test_arange_counts_as_theano_does() -> None:
    assert K.eval(K.arange(3)).tolist() == [0, 1, 2]
    assert K.eval(K.arange(2, 8, 3)).tolist() == [2, 5]
    assert K.eval(K.arange(-3)).tolist() == []
    assert K.dtype(K.arange(3)) == "int32"


def test_cast_to_floatx_gives_an_array_of_the_default_type() -> None:
    assert K.cast_to_floatx(np.array([1, 2])).dtype == np.float32


class Coordinates:
    """What SciPy's sparse matrices offer."""

    shape = (2, 3)

    def tocoo(self) -> "Coordinates":
        return self

    row, col, data = np.array([0, 1]), np.array([2, 0]), np.array([5.0, 7.0])


def test_sparse_matrices_are_fed_multiplied_and_made_dense() -> None:
    x = K.placeholder((None, 3), sparse=True)
    assert K.is_sparse(x)
    kernel = np.arange(6.0).reshape(3, 2)
    dense = np.array([[0, 0, 5], [7, 0, 0]])
    outputs = [K.to_dense(x), K.dot(x, K.variable(kernel))]
    assert K.int_shape(outputs[1]) == (None, 2)
    made_dense, product = K.function([x], outputs)([Coordinates()])
    np.testing.assert_array_equal(made_dense, dense)
    np.testing.assert_array_equal(product, dense @ kernel)


def test_shapes_are_inferred_without_disturbing_other_threads() -> None:
    inside, finished = threading.Event(), threading.Event()

    def wait(x: Any) -> Any:
        inside.set()
        finished.wait(10)
        return x * 2

    thread = threading.Thread(target=lambda: K.record(wait, (K.placeholder((2,)),)))
    thread.start()
    assert inside.wait(10)
    with K.computing():
        made = K.ones((2,))
    finished.set()
    thread.join()
    assert made.device.type != "meta"


def test_sparse_matrices_are_joined() -> None:
    x = K.variable(Coordinates())
    assert K.is_sparse(x)
    joined = K.concatenate([x, x], axis=0)
    assert K.is_sparse(joined)
    assert not K.is_sparse(K.to_dense(joined))
    np.testing.assert_array_equal(K.eval(joined), [[0, 0, 5], [7, 0, 0]] * 2)
    np.testing.assert_array_equal(K.eval(K.dot(x, K.variable(np.eye(3)))), [[0, 0, 5], [7, 0, 0]])
