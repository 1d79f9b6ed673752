"""Remembered shape inference gives what inference anew would give."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from engine import backend as K
from engine.backend import inference_cache
from engine.backend.symbolic import record


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    inference_cache._results.clear()
    yield
    inference_cache._results.clear()


def test_the_same_call_is_inferred_once() -> None:
    x, y = K.placeholder((None, 4)), K.placeholder((None, 4))
    assert K.int_shape(K.dot(x, K.ones((4, 3)))) == (None, 3)
    calls = len(inference_cache._results)
    assert calls > 0
    first, second = K.square(x), K.square(y)
    assert first is not second
    assert K.int_shape(first) == K.int_shape(second) == (None, 4)
    assert len(inference_cache._results) == calls + 1


def test_other_shapes_types_and_arguments_are_other_calls() -> None:
    assert K.int_shape(K.sum(K.placeholder((None, 4)), axis=0)) == (4,)
    assert K.int_shape(K.sum(K.placeholder((None, 4)), axis=1)) == (None,)
    assert K.int_shape(K.sum(K.placeholder((None, 5)), axis=0)) == (5,)
    assert K.int_shape(K.sum(K.placeholder((5, None)), axis=0)) == (None,)
    assert K.dtype(K.square(K.placeholder((2,), dtype="int32"))) == "int32"
    assert K.dtype(K.square(K.placeholder((2,), dtype="float64"))) == "float64"


def test_the_settings_of_keras_are_part_of_the_call() -> None:
    x = K.placeholder((2, 8, 6, 4))
    assert K.int_shape(K.pool2d(x, (2, 2), strides=(2, 2))) == (2, 4, 3, 4)
    K.set_image_data_format("channels_first")
    try:
        assert K.int_shape(K.pool2d(x, (2, 2), strides=(2, 2))) == (2, 8, 3, 2)
    finally:
        K.set_image_data_format("channels_last")
    condition = K.placeholder((3,), dtype="bool")
    assert K.dtype(K.cast(condition, K.floatx())) == "float32"
    K.set_floatx("float64")
    try:
        assert K.dtype(K.cast(condition, K.floatx())) == "float64"
    finally:
        K.set_floatx("float32")


def test_functions_around_other_values_are_not_remembered() -> None:
    x = K.placeholder((None, 4))
    for width in (2, 3):
        assert K.int_shape(record(lambda tensor, width=width: tensor[:, :width], (x,))) == (None, width)
    index = torch.tensor([0, 1])
    assert K.int_shape(record(torch.index_select, (x, 1, index))) == (None, 2)
    assert inference_cache._results == {}


def test_values_of_shapes_are_part_of_the_call() -> None:
    for size in (3, 5):
        x = K.placeholder((None, size))
        assert K.int_shape(K.random_uniform(K.shape(x))) == (None, size)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference_cache, "_MOST_CALLS", 3)
    for size in range(1, 10):
        K.square(K.placeholder((size,)))
        assert len(inference_cache._results) <= 3
