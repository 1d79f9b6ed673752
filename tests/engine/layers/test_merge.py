"""Layers that join tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    with K.isolated_state():
        yield


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.RandomState(seed).randn(*shape).astype("float32")


def run(join: Callable[[list[Any]], Any], *values: np.ndarray) -> np.ndarray:
    inputs = [L.Input(value.shape[1:]) for value in values]
    return K.function(inputs, [join(inputs)])(list(values))[0]


A, B, C = draw(2, 3, 4), draw(2, 3, 4, seed=1), draw(2, 3, 4, seed=2)


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        (L.add, A + B + C),
        (L.multiply, A * B * C),
        (L.average, (A + B + C) / 3),
        (L.maximum, np.maximum(np.maximum(A, B), C)),
        (L.minimum, np.minimum(np.minimum(A, B), C)),
        (L.concatenate, np.concatenate([A, B, C], axis=-1)),
        (lambda inputs: L.concatenate(inputs, axis=1), np.concatenate([A, B, C], axis=1)),
    ],
    ids=["add", "multiply", "average", "maximum", "minimum", "concatenate", "concatenate axis 1"],
)
def test_several_inputs(join: Any, expected: np.ndarray) -> None:
    np.testing.assert_allclose(run(join, A, B, C), expected, rtol=1e-6)


def test_subtract_takes_two() -> None:
    np.testing.assert_allclose(run(L.subtract, A, B), A - B, rtol=1e-6)
    with pytest.raises(ValueError, match="exactly 2"):
        run(L.subtract, A, B, C)


def test_missing_axes_and_single_sizes_are_broadcast() -> None:
    vector, column = draw(2, 4), draw(2, 3, 1)
    np.testing.assert_allclose(run(L.add, A, vector), A + vector[:, None], rtol=1e-6)
    np.testing.assert_allclose(run(L.multiply, A, column), A * column, rtol=1e-6)


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        (-1, np.einsum("bij,bkj->bik", A, B)),
        (2, np.einsum("bij,bkj->bik", A, B)),
        (1, np.einsum("bij,bik->bjk", A, B)),
        ((2, -1), np.einsum("bij,bkj->bik", A, B)),
    ],
)
def test_dot_sums_over_an_axis_of_each(axes: Any, expected: np.ndarray) -> None:
    np.testing.assert_allclose(run(lambda x: L.dot(x, axes=axes), A, B), expected, rtol=1e-5, atol=1e-6)


def test_normalized_dot_is_the_cosine() -> None:
    a, b = draw(5, 3), draw(5, 3, seed=1)
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    result = run(lambda x: L.dot(x, axes=1, normalize=True), a, b)
    assert result.shape == (5, 1)
    np.testing.assert_allclose(result[:, 0], cosine, rtol=1e-5, atol=1e-6)


def mask_of(join: Any, *values: np.ndarray, masked: tuple[int, ...]) -> np.ndarray | None:
    inputs = [L.Input(value.shape[1:]) for value in values]
    given = [L.Masking()(x) if number in masked else x for number, x in enumerate(inputs)]
    layer = join()
    layer(given)
    mask = layer.get_output_mask_at(0)
    return None if mask is None else K.function(inputs, [mask])(list(values))[0]


def test_masks_are_joined() -> None:
    a, b = A.copy(), B.copy()
    a[0, 0] = b[1, 2] = 0
    either = np.ones((2, 3), bool)
    either[0, 0] = either[1, 2] = False
    np.testing.assert_array_equal(mask_of(L.Add, a, b, masked=(0, 1)), either)
    first = np.ones((2, 3), bool)
    first[0, 0] = False
    np.testing.assert_array_equal(mask_of(L.Add, a, b, masked=(0,)), first)
    assert mask_of(L.Add, a, b, masked=()) is None
    second = np.ones((2, 3), bool)
    second[1, 2] = False
    along_time = np.concatenate([first, second], axis=1)
    np.testing.assert_array_equal(mask_of(lambda: L.Concatenate(axis=1), a, b, masked=(0, 1)), along_time)
    unmasked = np.concatenate([first, np.ones((2, 3), bool)], axis=1)
    np.testing.assert_array_equal(mask_of(lambda: L.Concatenate(axis=1), a, b, masked=(0,)), unmasked)
    np.testing.assert_array_equal(mask_of(L.Concatenate, a, b, masked=(0, 1)), either)
    assert mask_of(lambda: L.Dot(axes=2), a, b, masked=(0, 1)) is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: L.Add()(L.Input((3,))), ValueError, "list of at least 2"),
        (lambda: L.Add()([L.Input((3,))]), ValueError, "list of at least 2"),
        (lambda: L.Add()([L.Input((3,)), L.Input((4,))]), ValueError, "broadcast"),
        (
            lambda: L.Add()([L.Input(batch_shape=(2, 3)), L.Input(batch_shape=(4, 3))]),
            ValueError,
            "batch sizes",
        ),
        (lambda: L.Concatenate(axis=1)([L.Input((3, 4)), L.Input((3, 5))]), ValueError, "concat axis"),
        (lambda: L.Concatenate()([L.Input((3, 4)), L.Input((4,))]), ValueError, "concat axis"),
        (lambda: L.Dot(axes=1)([L.Input((3,)), L.Input((4,))]), ValueError, "3 != 4"),
        (lambda: L.Dot(axes="1"), TypeError, "axes"),
        (lambda: L.Dot(axes=(1, 2, 3)), TypeError, "axes"),
    ],
)
def test_wrong_use_says_what_is_wrong(make: Callable[[], Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make()
