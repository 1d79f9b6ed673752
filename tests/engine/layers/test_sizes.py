"""Sizes and axes that make no sense are refused by the layer that was given them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine import backend as K
from engine import layers as L


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    with K.isolated_state():
        yield


IMAGES, SEQUENCES, VECTORS = (5, 5, 3), (5, 3), (5,)


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (lambda: L.Conv2D(4, 9), IMAGES, "conv2d_1 leaves nothing of axis 1"),
        (lambda: L.Conv1D(4, 3, dilation_rate=3), SEQUENCES, "conv1d_1 leaves nothing"),
        (lambda: L.SeparableConv2D(4, 9), IMAGES, "separable_conv2d_1 leaves nothing"),
        (lambda: L.DepthwiseConv2D(9), IMAGES, "depthwise_conv2d_1 leaves nothing"),
        (lambda: L.LocallyConnected2D(4, 9), IMAGES, "locally_connected2d_1 leaves nothing"),
        (lambda: L.ConvLSTM2D(4, 9), (2, *IMAGES), "conv_lst_m2d_1 leaves nothing"),
        (lambda: L.MaxPooling2D((2, 9)), IMAGES, "max_pooling2d_1 leaves nothing of axis 2"),
        (lambda: L.Cropping1D(3), SEQUENCES, "cropping1d_1 leaves nothing"),
        (lambda: L.BatchNormalization(axis=7), VECTORS, "batch_normalization_1 works along axis 7"),
        (lambda: L.Softmax(axis=4), VECTORS, "softmax_1 works along axis 4"),
        (lambda: L.PReLU(shared_axes=[9]), VECTORS, "p_re_lu_1 works along axis 9"),
        (lambda: L.TimeDistributed(L.Dense(3)), VECTORS, "time_distributed_1 needs .* 3 axes"),
    ],
)
def test_inputs_that_do_not_fit(make: Callable[[], Any], shape: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()(L.Input(shape))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.Dense(0), "`units`.*positive.*0"),
        (lambda: L.Dense("many"), "`units`.*'many'"),
        (lambda: L.LSTM(-3), "`units`.*-3"),
        (lambda: L.Conv2D(0, 3), "`filters`"),
        (lambda: L.Conv2D(4, 0), "`kernel_size`.*at least 1"),
        (lambda: L.Conv2D(4, 3, strides=(1, 0)), "`strides`"),
        (lambda: L.MaxPooling1D(2, strides=-1), "`strides`"),
        (lambda: L.Embedding(0, 3), "`input_dim`"),
        (lambda: L.RepeatVector(2.5), "`n`"),
        (lambda: L.UpSampling2D(0), "`size`"),
        (lambda: L.ZeroPadding2D(-1), "`padding`.*at least 0"),
        (lambda: L.Permute((1, 1)), "`dims`"),
        (lambda: L.Reshape((3, "a")), "`target_shape`"),
        (lambda: L.Bidirectional(L.Dense(3)), "recurrent layer.*Dense"),
    ],
)
def test_arguments_that_make_no_sense(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_whole_numbers_of_other_types_are_sizes() -> None:
    assert L.Dense(3.0).units == 3
    assert L.Conv2D(4, [3.0, 2.0]).kernel_size == (3, 2)
