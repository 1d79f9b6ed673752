"""Convolution, pooling, padding and resizing against loops in NumPy, in both data formats."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from engine import backend as K

FORMATS = ("channels_last", "channels_first")
SPACES = {1: (7,), 2: (7, 6), 3: (5, 4, 6)}
rng = np.random.RandomState(3)


def pad_same(x: np.ndarray, window: Any, strides: Any, dilation: Any, value: float = 0.0) -> np.ndarray:
    """Pad the axes between the first and the last: half before, half and the odd cell after."""
    amounts = [(0, 0)]
    for size, width, stride, spread in zip(x.shape[1:-1], window, strides, dilation):
        count = -(-size // stride)
        missing = max((count - 1) * stride + (width - 1) * spread + 1 - size, 0)
        amounts.append((missing // 2, missing - missing // 2))
    return np.pad(x, [*amounts, (0, 0)], constant_values=value)


def list_windows(x: np.ndarray, window: Any, strides: Any, dilation: Any) -> Any:
    """Yield the position and the cells of every window that lies within `x`."""
    reach = [(width - 1) * spread + 1 for width, spread in zip(window, dilation)]
    counts = [(size - far) // stride + 1 for size, far, stride in zip(x.shape[1:-1], reach, strides)]
    for position in itertools.product(*(range(count) for count in counts)):
        cells = [
            slice(place * stride, place * stride + far, spread)
            for place, stride, far, spread in zip(position, strides, reach, dilation)
        ]
        yield position, counts, x[(slice(None), *cells)]


def convolve(x: np.ndarray, kernel: np.ndarray, strides: Any, padding: str, dilation: Any) -> np.ndarray:
    window = kernel.shape[:-2]
    if padding == "causal":
        x = np.pad(x, ((0, 0), (dilation[0] * (window[0] - 1), 0), (0, 0)))
    if padding == "same":
        x = pad_same(x, window, strides, dilation)
    result: Any = None
    for position, counts, cells in list_windows(x, window, strides, dilation):
        if result is None:
            result = np.zeros((x.shape[0], *counts, kernel.shape[-1]))
        axes = list(range(kernel.ndim - 1))
        result[(slice(None), *position)] = np.tensordot(cells, kernel, ([axis + 1 for axis in axes], axes))
    return result


def pool(x: np.ndarray, window: Any, strides: Any, padding: str, mode: str) -> np.ndarray:
    ones = (1,) * len(window)
    if padding == "same":
        x = pad_same(x, window, strides, ones, np.nan)
    result: Any = None
    for position, counts, cells in list_windows(x, window, strides, ones):
        if result is None:
            result = np.zeros((x.shape[0], *counts, x.shape[-1]))
        reduce = np.nanmax if mode == "max" else np.nanmean
        result[(slice(None), *position)] = reduce(cells, axis=tuple(range(1, x.ndim - 1)))
    return result


def run(function: Any, x: np.ndarray, data_format: str, fixed_space: bool = False) -> np.ndarray:
    """Compute on `x`, channels last, with an unknown batch and with unknown space; check the static shape."""
    moved = np.moveaxis(x, -1, 1) if data_format == "channels_first" else x
    placeholder = K.placeholder((None, *moved.shape[1:]))
    result = function(placeholder)
    value = K.function([placeholder], [result])([moved])[0]
    assert K.int_shape(result) == (None, *value.shape[1:])
    if not fixed_space:
        channel_axis = 1 if data_format == "channels_first" else moved.ndim - 1
        unknown = K.placeholder(
            [size if axis == channel_axis else None for axis, size in enumerate(moved.shape)]
        )
        again = K.function([unknown], [function(unknown)])([moved])[0]
        np.testing.assert_array_equal(value, again)
    return np.moveaxis(value, 1, -1) if data_format == "channels_first" else value


def draw(*shape: int) -> np.ndarray:
    return rng.uniform(-1, 1, shape).astype("float32")


def single(rank: int, values: Sequence[int]) -> Any:
    return values[0] if rank == 1 else tuple(values)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize(
    ("rank", "padding"), [(1, "causal"), *itertools.product([1, 2, 3], ["valid", "same"])]
)
@pytest.mark.parametrize(
    ("strides", "dilation"), [((1, 1, 1), (1, 1, 1)), ((2, 1, 3), (1, 1, 1)), ((1, 1, 1), (2, 1, 2))]
)
def test_convolution(rank: int, padding: str, data_format: str, strides: Any, dilation: Any) -> None:
    strides, dilation = strides[:rank], dilation[:rank]
    x, kernel, bias = draw(2, *SPACES[rank], 3), draw(*(2, 3, 2)[:rank], 3, 4), draw(4)
    function = {1: K.conv1d, 2: K.conv2d, 3: K.conv3d}[rank]
    result = run(
        lambda y: function(
            y,
            K.constant(kernel),
            single(rank, strides),
            padding,
            data_format,
            single(rank, dilation),
            K.constant(bias),
        ),
        x,
        data_format,
    )
    np.testing.assert_allclose(result, convolve(x, kernel, strides, padding, dilation) + bias, atol=1e-5)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    ("window", "strides"),
    [((2, 3, 2), (1, 1, 1)), ((2, 3, 2), (2, 3, 1)), ((3, 4, 3), (3, 2, 2)), ((1, 1, 1), (2, 3, 2))],
)
def test_pooling(rank: int, padding: str, mode: str, data_format: str, window: Any, strides: Any) -> None:
    window, strides = window[:rank], strides[:rank]
    x = draw(2, *SPACES[rank], 3)
    function = {1: K.pool1d, 2: K.pool2d, 3: K.pool3d}[rank]
    result = run(
        lambda y: function(y, single(rank, window), single(rank, strides), padding, data_format, mode),
        x,
        data_format,
    )
    np.testing.assert_allclose(result, pool(x, window, strides, padding, mode), atol=1e-6)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_depthwise_and_separable_convolution(padding: str, data_format: str) -> None:
    x, depthwise, pointwise = draw(2, 7, 6, 3), draw(3, 2, 3, 2), draw(1, 1, 6, 5)
    apart = np.concatenate(
        [convolve(x[..., c : c + 1], depthwise[:, :, c : c + 1], (2, 1), padding, (1, 1)) for c in range(3)],
        -1,
    )
    result = run(
        lambda y: K.depthwise_conv2d(y, K.constant(depthwise), (2, 1), padding, data_format), x, data_format
    )
    np.testing.assert_allclose(result, apart, atol=1e-5)
    mixed = run(
        lambda y: K.separable_conv2d(
            y, K.constant(depthwise), K.constant(pointwise), (2, 1), padding, data_format
        ),
        x,
        data_format,
    )
    np.testing.assert_allclose(mixed, apart @ pointwise[0, 0], atol=1e-5)
    rows = run(
        lambda y: K.separable_conv1d(
            y, K.constant(depthwise[:, 0]), K.constant(pointwise[0]), 2, padding, data_format
        ),
        x[:, :, 0],
        data_format,
    )
    thin = np.concatenate(
        [convolve(x[:, :, 0, c : c + 1], depthwise[:, 0, c : c + 1], (2,), padding, (1,)) for c in range(3)],
        -1,
    )
    np.testing.assert_allclose(rows, thin @ pointwise[0, 0], atol=1e-5)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [(1, 1, 1), (2, 3, 2)])
@pytest.mark.parametrize("window", [(3, 2, 2), (1, 4, 3)])
@pytest.mark.parametrize("rank", [2, 3])
def test_transposed_convolution_is_the_derivative_of_convolution(
    rank: int, window: Any, strides: Any, padding: str, data_format: str
) -> None:
    window, strides = window[:rank], strides[:rank]
    wide, kernel = draw(2, *SPACES[rank], 4), draw(*window, 4, 3)
    narrow = convolve(wide, kernel, strides, padding, (1,) * rank)
    x = draw(*narrow.shape)
    shape = (2, 4, *SPACES[rank]) if data_format == "channels_first" else (2, *SPACES[rank], 4)
    function = {2: K.conv2d_transpose, 3: K.conv3d_transpose}[rank]
    result = run(
        lambda y: function(y, K.constant(kernel), shape, strides, padding, data_format), x, data_format
    )
    assert result.shape == wide.shape
    # <conv(wide), x> = <wide, conv^T(x)>
    np.testing.assert_allclose((narrow * x).sum(), (wide * result).sum(), rtol=1e-4)


def test_transposed_convolution_takes_a_symbolic_batch() -> None:
    x = K.placeholder((None, 4, 4, 3))
    kernel = K.constant(draw(3, 3, 2, 3))
    result = K.conv2d_transpose(x, kernel, (K.shape(x)[0], 8, 8, 2), (2, 2), "same", "channels_last")
    assert K.int_shape(result) == (None, 8, 8, 2)


@pytest.mark.parametrize("data_format", FORMATS)
def test_padding_and_resizing(data_format: str) -> None:
    image, volume = draw(2, 3, 4, 2), draw(2, 3, 4, 2, 2)
    padded = run(lambda y: K.spatial_2d_padding(y, ((1, 0), (2, 3)), data_format), image, data_format)
    np.testing.assert_array_equal(padded, np.pad(image, ((0, 0), (1, 0), (2, 3), (0, 0))))
    padded = run(
        lambda y: K.spatial_3d_padding(y, ((1, 0), (2, 3), (0, 1)), data_format), volume, data_format
    )
    np.testing.assert_array_equal(padded, np.pad(volume, ((0, 0), (1, 0), (2, 3), (0, 1), (0, 0))))
    grown = run(lambda y: K.resize_images(y, 2, 3, data_format), image, data_format)
    np.testing.assert_array_equal(grown, image.repeat(2, 1).repeat(3, 2))
    grown = run(lambda y: K.resize_volumes(y, 2, 1, 3, data_format), volume, data_format)
    np.testing.assert_array_equal(grown, volume.repeat(2, 1).repeat(3, 3))


@pytest.mark.parametrize("data_format", FORMATS)
def test_bias(data_format: str) -> None:
    x, bias, cells = draw(2, 3, 4, 5), draw(5), draw(3, 4, 5)
    result = run(lambda y: K.bias_add(y, K.constant(bias), data_format), x, data_format)
    np.testing.assert_allclose(result, x + bias, atol=1e-6)
    given = np.moveaxis(cells, -1, 0) if data_format == "channels_first" else cells
    # Keras reshapes a bias with all axes rather than transpose it.
    result = run(lambda y: K.bias_add(y, K.constant(cells), data_format), x, data_format, fixed_space=True)
    expected = cells.reshape(5, 3, 4).transpose(1, 2, 0) if data_format == "channels_first" else given
    np.testing.assert_allclose(result, x + expected, atol=1e-6)


@pytest.mark.parametrize("data_format", FORMATS)
def test_convolution_without_shared_weights(data_format: str) -> None:
    x, kernel = draw(2, 5, 6, 3), draw(2 * 3, 3 * 2 * 3, 4)
    expected = np.zeros((2, 2, 3, 4))
    for row, column in itertools.product(range(2), range(3)):
        cells = x[:, row * 2 : row * 2 + 3, column * 2 : column * 2 + 2]
        cells = np.moveaxis(cells, -1, 1) if data_format == "channels_first" else cells
        expected[:, row, column] = cells.reshape(2, -1) @ kernel[row * 3 + column]
    result = run(
        lambda y: K.local_conv2d(y, K.constant(kernel), (3, 2), (2, 2), (2, 3), data_format),
        x,
        data_format,
        fixed_space=True,
    )
    np.testing.assert_allclose(result, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: K.conv2d(x, K.ones((1, 1, 3, 2)), padding="full"), "Invalid padding: 'full'"),
        (lambda x: K.conv2d(x, K.ones((1, 1, 3, 2)), data_format="last"), "data_format"),
        (lambda x: K.pool2d(x, (2, 2), pool_mode="sum"), "Invalid pooling mode: 'sum'"),
        (lambda x: K.conv3d(x, K.ones((1, 1, 1, 3, 2))), "Expected a tensor of 5 axes"),
        (lambda x: K.bias_add(x, K.ones((3, 3))), "Unexpected bias dimensions 2"),
    ],
)
def test_refuses_what_it_does_not_know(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(K.placeholder((None, 4, 4, 3)))
