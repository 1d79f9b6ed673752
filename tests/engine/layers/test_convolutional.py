"""Convolution and pooling against loops over positions in NumPy."""

from __future__ import annotations

import itertools
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


def draw(*shape: int) -> np.ndarray:
    return np.random.RandomState(0).randn(*shape).astype("float32")


def run(layer: Any, x: np.ndarray) -> np.ndarray:
    inputs = L.Input(x.shape[1:])
    outputs = layer(inputs)
    random = np.random.RandomState(1)
    layer.set_weights([random.randn(*value.shape).astype("float32") for value in layer.get_weights()])
    return K.function([inputs], [outputs])([x])[0]


def list_windows(x: np.ndarray, size: tuple, strides: tuple, padding: str, dilation: tuple) -> Iterator[Any]:
    """Yield output positions with their windows (batch, *size, channels); cells outside are NaN.

    With `same` the extra cell of the padding goes to the end; `causal` pads before alone.
    """
    spatial = x.shape[1:-1]
    pads, counts = [(0, 0)], []
    for length, width, stride, spread in zip(spatial, size, strides, dilation, strict=True):
        span = (width - 1) * spread + 1
        if padding == "same":
            missing = max((-(-length // stride) - 1) * stride + span - length, 0)
            pads.append((missing // 2, missing - missing // 2))
        else:
            pads.append((span - 1, 0) if padding == "causal" else (0, 0))
        counts.append((length + sum(pads[-1]) - span) // stride + 1)
    padded = np.pad(x, [*pads, (0, 0)], constant_values=np.nan)
    for position in itertools.product(*map(range, counts)):
        starts = [place * stride for place, stride in zip(position, strides, strict=True)]
        cells = [
            start + np.arange(width) * spread
            for start, width, spread in zip(starts, size, dilation, strict=True)
        ]
        yield position, counts, padded[np.ix_(range(len(x)), *cells, range(x.shape[-1]))]


def slide(
    x: np.ndarray,
    reduce: Callable[[np.ndarray], np.ndarray],
    size: tuple,
    strides: tuple,
    padding: str,
    dilation: tuple | None = None,
) -> np.ndarray:
    results: dict[tuple, np.ndarray] = {}
    for position, counts, window in list_windows(x, size, strides, padding, dilation or (1,) * len(size)):
        results[position] = reduce(window)
        shape = counts
    channels = next(iter(results.values())).shape[-1]
    stacked = np.empty((len(x), *shape, channels))
    for position, value in results.items():
        stacked[(slice(None), *position)] = value
    return stacked


def convolve(x: np.ndarray, kernel: np.ndarray, **how: Any) -> np.ndarray:
    axes = kernel.ndim - 1
    return slide(
        x,
        lambda window: np.tensordot(np.nan_to_num(window), kernel, (range(1, axes + 1), range(axes))),
        kernel.shape[:-2],
        **how,
    )


def to_first(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, 1)


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize(("strides", "dilation"), [(1, 1), (2, 1), (1, 2)])
def test_conv1d(padding: str, strides: int, dilation: int) -> None:
    x = draw(2, 9, 3)
    layer = L.Conv1D(4, 3, strides=strides, padding=padding, dilation_rate=dilation)
    result = run(layer, x)
    kernel, bias = layer.get_weights()
    expected = convolve(x, kernel, strides=(strides,), padding=padding, dilation=(dilation,)) + bias
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    ("size", "strides", "dilation"),
    [((3, 2), (1, 1), (1, 1)), ((2, 4), (2, 3), (1, 1)), ((2, 3), (1, 1), (2, 1))],
)
def test_conv2d(size: tuple, strides: tuple, dilation: tuple, padding: str, data_format: str) -> None:
    x = draw(2, 7, 8, 3)
    first = data_format == "channels_first"
    layer = L.Conv2D(
        4,
        size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation,
        data_format=data_format,
        activation="relu",
    )
    result = run(layer, to_first(x) if first else x)
    kernel, bias = layer.get_weights()
    assert kernel.shape == (*size, 3, 4)
    expected = np.maximum(convolve(x, kernel, strides=strides, padding=padding, dilation=dilation) + bias, 0)
    np.testing.assert_allclose(result, to_first(expected) if first else expected, rtol=1e-4, atol=1e-5)


def test_conv3d() -> None:
    x = draw(2, 4, 5, 6, 2)
    layer = L.Conv3D(3, (2, 3, 2), strides=(1, 2, 2), padding="same")
    result = run(layer, x)
    kernel, bias = layer.get_weights()
    expected = convolve(x, kernel, strides=(1, 2, 2), padding="same") + bias
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "strides"), [(3, 2), (2, 3), (3, 1)])
def test_a_transposed_convolution_is_the_adjoint_of_a_convolution(
    size: int, strides: int, padding: str
) -> None:
    """`<conv(y), x> == <y, transpose(x)>` with the same kernel."""
    x = draw(2, 4, 5, 3)
    layer = L.Conv2DTranspose(2, size, strides=strides, padding=padding, use_bias=False)
    result = run(layer, x)
    (kernel,) = layer.get_weights()
    assert kernel.shape == (size, size, 2, 3)
    y = np.random.RandomState(3).randn(*result.shape)
    forward = convolve(y, kernel, strides=(strides, strides), padding=padding)
    assert (result * y).sum() == pytest.approx((forward * x).sum(), rel=1e-4)


def test_a_separable_convolution_is_two_convolutions() -> None:
    x = draw(2, 6, 7, 3)
    layer = L.SeparableConv2D(4, (3, 2), strides=2, padding="same", depth_multiplier=2)
    result = run(layer, x)
    depthwise, pointwise, bias = layer.get_weights()
    assert (depthwise.shape, pointwise.shape) == ((3, 2, 3, 2), (1, 1, 6, 4))
    apart = depth_convolve(x, depthwise, strides=(2, 2), padding="same")
    np.testing.assert_allclose(result, apart @ pointwise[0, 0] + bias, rtol=1e-4, atol=1e-5)


def depth_convolve(x: np.ndarray, kernel: np.ndarray, **how: Any) -> np.ndarray:
    """Channel c makes the output channels c * multiplier and following."""
    apart = [convolve(x[..., [c]], kernel[..., [c], :], **how) for c in range(x.shape[-1])]
    return np.concatenate(apart, axis=-1)


def test_depthwise_convolution() -> None:
    x = draw(2, 6, 7, 3)
    layer = L.DepthwiseConv2D(3, depth_multiplier=2)
    result = run(layer, x)
    kernel, bias = layer.get_weights()
    expected = depth_convolve(x, kernel, strides=(1, 1), padding="valid") + bias
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


def test_locally_connected_layers_have_a_kernel_a_position() -> None:
    x = draw(2, 5, 6, 3)
    layer = L.LocallyConnected2D(4, (2, 3), strides=(1, 2))
    result = run(layer, x)
    kernel, bias = layer.get_weights()
    assert kernel.shape == (4 * 2, 2 * 3 * 3, 4)
    for position, counts, window in list_windows(x, (2, 3), (1, 2), "valid", (1, 1)):
        own = kernel[position[0] * counts[1] + position[1]]
        expected = window.reshape(2, -1) @ own + bias[position]
        np.testing.assert_allclose(result[(slice(None), *position)], expected, rtol=1e-4, atol=1e-5)


POOLS = [
    pytest.param(L.MaxPooling1D, L.AveragePooling1D, (9,), id="1d"),
    pytest.param(L.MaxPooling2D, L.AveragePooling2D, (7, 8), id="2d"),
    pytest.param(L.MaxPooling3D, L.AveragePooling3D, (5, 4, 6), id="3d"),
]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 2), (3, 1)])
@pytest.mark.parametrize(("greatest", "mean", "spatial"), POOLS)
def test_pooling(greatest: Any, mean: Any, spatial: tuple, size: int, stride: Any, padding: str) -> None:
    """The mean leaves cells of the padding out."""
    x = draw(2, *spatial, 3)
    axes = tuple(range(1, len(spatial) + 1))
    how = ((size,) * len(spatial), (stride or size,) * len(spatial), padding)
    expected = slide(x, lambda window: np.nanmax(window, axis=axes), *how)
    np.testing.assert_allclose(run(greatest(size, stride, padding), x), expected, rtol=1e-5, atol=1e-6)
    expected = slide(x, lambda window: np.nanmean(window, axis=axes), *how)
    np.testing.assert_allclose(run(mean(size, stride, padding), x), expected, rtol=1e-5, atol=1e-6)


def test_global_pooling() -> None:
    x = draw(2, 5, 6, 3)
    np.testing.assert_allclose(run(L.GlobalMaxPooling2D(), x), x.max((1, 2)), rtol=1e-6)
    np.testing.assert_allclose(run(L.GlobalAveragePooling2D(), x), x.mean((1, 2)), rtol=1e-5, atol=1e-6)
    first = run(L.GlobalAveragePooling2D(data_format="channels_first"), to_first(x))
    np.testing.assert_allclose(first, x.mean((1, 2)), rtol=1e-5, atol=1e-6)


def test_margins_and_repeats() -> None:
    x = draw(2, 4, 5, 3)
    padded = run(L.ZeroPadding2D(((1, 2), (0, 3))), x)
    np.testing.assert_array_equal(padded, np.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))))
    np.testing.assert_array_equal(run(L.Cropping2D(((1, 2), (0, 3))), padded), x)
    np.testing.assert_array_equal(run(L.UpSampling2D((2, 3)), x), x.repeat(2, axis=1).repeat(3, axis=2))
    np.testing.assert_array_equal(run(L.ZeroPadding1D(2), x[:, 0]), np.pad(x[:, 0], ((0, 0), (2, 2), (0, 0))))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.Conv2D(4, (3, 3, 3)), "kernel_size.*2 integers"),
        (lambda: L.Conv2D(4, 3, padding="causal"), "padding"),
        (lambda: L.Conv2D(4, 3, data_format="sideways"), "data_format"),
        (lambda: L.Conv2D(4, 3)(L.Input((8, 8))), "ndim=4"),
        (lambda: L.Conv2D(4, 3)(L.Input((8, 8, None))), "channel dimension"),
        (lambda: L.LocallyConnected2D(4, 3, padding="same"), "valid"),
        (lambda: L.LocallyConnected2D(4, 3)(L.Input((None, 8, 2))), "fully defined"),
        (lambda: L.MaxPooling2D("2"), "pool_size"),
        (lambda: L.ZeroPadding2D((1, 2, 3)), "padding"),
        (lambda: L.Cropping3D(((1, 2), (3,), (4, 5))), "cropping"),
    ],
)
def test_wrong_use_says_what_is_wrong(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
