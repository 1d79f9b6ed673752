"""Convolution (manual, section 14.5).

Throughout: `x` is (batch, *space, channels), or (batch, channels, *space) with `channels_first`; kernels are
(*window, channels, filters) either way; `data_format` None is the configured default; with `same` padding the
odd cell goes to the end. `bias`, where there is one, is added to each filter's output in the same kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from engine.backend.padded_convolution import convolve_padded
from engine.backend.shaping import to_sizes
from engine.backend.symbolic import operation
from engine.backend.windows import (
    check_arguments,
    from_channels_first,
    measure_padding,
    to_channels_first,
)

_TRANSPOSED = {2: functional.conv_transpose2d, 3: functional.conv_transpose3d}


def _convolve(
    x: torch.Tensor,
    weight: torch.Tensor,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilation: Sequence[int],
    bias: torch.Tensor | None = None,
    groups: int = 1,
    rectify: bool = False,
) -> torch.Tensor:
    """Convolve with a weight in torch's order: (filters, channels of a group, *window)."""
    x = to_channels_first(x, data_format)
    amounts = measure_padding(x.shape[2:], weight.shape[2:], strides, dilation, padding)
    result = convolve_padded(x, weight, amounts, tuple(strides), tuple(dilation), bias, groups, rectify)
    return from_channels_first(result, data_format)


def _to_torch_order(kernel: torch.Tensor) -> torch.Tensor:
    """Return (*window, a, b) as (b, a, *window)."""
    return kernel.permute(kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2))


def _split_by_channel(depthwise_kernel: torch.Tensor) -> torch.Tensor:
    """Return (*window, channels, multiplier) as (channels * multiplier, 1, *window)."""
    *window, channels, multiplier = depthwise_kernel.shape
    axes = range(len(window))
    moved = depthwise_kernel.permute(len(window), len(window) + 1, *axes)
    return moved.reshape(channels * multiplier, 1, *window)


def _add_row(x: torch.Tensor, data_format: str) -> torch.Tensor:
    """Return a sequence as an image of one row: there is a channels_last layout for images alone."""
    return x.unsqueeze(2 if data_format == "channels_first" else 1)


def _drop_row(x: torch.Tensor, data_format: str) -> torch.Tensor:
    return x.squeeze(2 if data_format == "channels_first" else 1)


@operation
def conv1d(
    x: Any,
    kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int = 1,
    bias: Any = None,
    groups: int = 1,
    rectify: bool = False,
) -> Any:
    """Convolve sequences.

    Args:
        x: a tensor of three axes.
        kernel: (steps, channels, filters).
        strides: steps between two windows.
        padding: `valid`, `same` or `causal`; causal windows see no later step.
        data_format: `channels_last` or `channels_first`.
        dilation_rate: steps between two cells of a window.
        bias: (filters,) or None.
        groups: into how many groups channels and filters are split; the kernel has the channels of one.
        rectify: whether to return relu of the result, made in the same kernel.

    Raises:
        ValueError: `data_format` or `padding` is unknown.
    """
    data_format = check_arguments(x, data_format, padding, 1, ("valid", "same", "causal"))
    if padding == "causal":
        reach = dilation_rate * (kernel.shape[0] - 1)
        x = functional.pad(x, (reach, 0) if data_format == "channels_first" else (0, 0, reach, 0))
        padding = "valid"
    weight = _to_torch_order(kernel.unsqueeze(0))
    rows = _add_row(x, data_format)
    dilation = (1, dilation_rate)
    result = _convolve(rows, weight, (1, strides), padding, data_format, dilation, bias, groups, rectify)
    return _drop_row(result, data_format)


@operation
def conv2d(
    x: Any,
    kernel: Any,
    strides: Sequence[int] = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sequence[int] = (1, 1),
    bias: Any = None,
    groups: int = 1,
    rectify: bool = False,
) -> Any:
    """Convolve images.

    Args:
        x: a tensor of four axes.
        kernel: (rows, columns, channels, filters).
        strides: cells between two windows.
        padding: `valid` or `same`.
        data_format: `channels_last` or `channels_first`.
        dilation_rate: cells between two cells of a window.
        bias: (filters,) or None.
        groups: into how many groups channels and filters are split; the kernel has the channels of one.
        rectify: whether to return relu of the result, made in the same kernel.

    Raises:
        ValueError: `data_format` or `padding` is unknown.
    """
    data_format = check_arguments(x, data_format, padding, 2, ("valid", "same"))
    weight = _to_torch_order(kernel)
    return _convolve(x, weight, strides, padding, data_format, dilation_rate, bias, groups, rectify)


@operation
def conv3d(
    x: Any,
    kernel: Any,
    strides: Sequence[int] = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sequence[int] = (1, 1, 1),
    bias: Any = None,
    groups: int = 1,
    rectify: bool = False,
) -> Any:
    """Convolve volumes; arguments as in `conv2d`, with a depth before rows and columns."""
    data_format = check_arguments(x, data_format, padding, 3, ("valid", "same"))
    weight = _to_torch_order(kernel)
    return _convolve(x, weight, strides, padding, data_format, dilation_rate, bias, groups, rectify)


def _convolve_transposed(
    x: torch.Tensor,
    kernel: torch.Tensor,
    output_shape: Any,
    strides: Sequence[int],
    padding: str,
    data_format: str | None,
    bias: torch.Tensor | None,
    dilation: Sequence[int],
) -> torch.Tensor:
    rank = kernel.ndim - 2
    data_format = check_arguments(x, data_format, padding, rank, ("valid", "same"))
    x = to_channels_first(x, data_format)
    sizes = to_sizes(output_shape)
    wanted = sizes[2:] if data_format == "channels_first" else sizes[1:-1]
    strides, dilation = tuple(strides), tuple(dilation)
    amounts = measure_padding(wanted, kernel.shape[:rank], strides, dilation, padding)
    cut = tuple(before for before, _ in amounts)
    weight = _to_torch_order(kernel)
    result = _TRANSPOSED[rank](x, weight, bias, strides, cut, dilation=dilation)
    # `cut` cells are gone from both ends of each axis; the end may need one fewer or several more.
    missing = [(0, want - have) for want, have in zip(wanted, result.shape[2:], strict=True)]
    if any(amount > 0 for _, amount in missing):
        grown = tuple(amount if amount > 0 else 0 for _, amount in missing)
        result = _TRANSPOSED[rank](x, weight, bias, strides, cut, grown, dilation=dilation)
    for axis, size in enumerate(wanted, start=2):
        result = result.narrow(axis, 0, size)
    return from_channels_first(result, data_format)


@operation
def conv1d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: int = 1,
    padding: str = "valid",
    data_format: str | None = None,
    bias: Any = None,
    dilation_rate: int = 1,
) -> Any:
    """Spread sequences; arguments as in `conv2d_transpose`, with numbers for pairs."""
    data_format = check_arguments(x, data_format, padding, 1, ("valid", "same"))
    sizes = list(to_sizes(output_shape))
    sizes.insert(2 if data_format == "channels_first" else 1, 1)
    rows, weight = _add_row(x, data_format), kernel.unsqueeze(0)
    pairs = (1, strides), padding, data_format, bias, (1, dilation_rate)
    return _drop_row(_convolve_transposed(rows, weight, sizes, *pairs), data_format)


@operation
def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Sequence[int] = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    bias: Any = None,
    dilation_rate: Sequence[int] = (1, 1),
) -> Any:
    """Spread images by the transpose (the derivative) of a convolution.

    Args:
        x: a tensor of four axes.
        kernel: (rows, columns, filters, channels).
        output_shape: shape of the result; sizes may be symbolic.
        strides: cells between two windows of the result.
        padding: `valid` or `same`.
        data_format: `channels_last` or `channels_first`.
        bias: (filters,) or None.
        dilation_rate: cells between two cells of a window.

    Raises:
        ValueError: `data_format` or `padding` is unknown.
    """
    return _convolve_transposed(x, kernel, output_shape, strides, padding, data_format, bias, dilation_rate)


@operation
def conv3d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Sequence[int] = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    bias: Any = None,
    dilation_rate: Sequence[int] = (1, 1, 1),
) -> Any:
    """Spread volumes; arguments as in `conv2d_transpose`, with a depth before rows and columns."""
    return _convolve_transposed(x, kernel, output_shape, strides, padding, data_format, bias, dilation_rate)


def _convolve_depthwise(
    x: torch.Tensor,
    kernel: torch.Tensor,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilation: Sequence[int],
    bias: torch.Tensor | None = None,
    rectify: bool = False,
) -> torch.Tensor:
    weight = _split_by_channel(kernel)
    return _convolve(x, weight, strides, padding, data_format, dilation, bias, kernel.shape[-2], rectify)


@operation
def depthwise_conv1d(
    x: Any,
    depthwise_kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int = 1,
    bias: Any = None,
) -> Any:
    """Convolve each channel of sequences by itself; arguments as in `conv1d`.

    Args:
        depthwise_kernel: (steps, channels, filters of each channel).
    """
    data_format = check_arguments(x, data_format, padding, 1, ("valid", "same"))
    rows, kernel, dilation = _add_row(x, data_format), depthwise_kernel.unsqueeze(0), (1, dilation_rate)
    result = _convolve_depthwise(rows, kernel, (1, strides), padding, data_format, dilation, bias)
    return _drop_row(result, data_format)


@operation
def depthwise_conv2d(
    x: Any,
    depthwise_kernel: Any,
    strides: Sequence[int] = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sequence[int] = (1, 1),
    bias: Any = None,
    rectify: bool = False,
) -> Any:
    """Convolve each channel of images by itself; arguments as in `conv2d`.

    Args:
        depthwise_kernel: (rows, columns, channels, filters of each channel).
    """
    data_format = check_arguments(x, data_format, padding, 2, ("valid", "same"))
    return _convolve_depthwise(
        x, depthwise_kernel, strides, padding, data_format, dilation_rate, bias, rectify
    )


@operation
def separable_conv1d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int = 1,
    bias: Any = None,
) -> Any:
    """Convolve each channel of sequences by itself, then mix the channels; arguments as in `conv1d`.

    Args:
        depthwise_kernel: (steps, channels, multiplier).
        pointwise_kernel: (1, channels * multiplier, filters).
    """
    strides = strides if isinstance(strides, int) else strides[0]
    dilation_rate = dilation_rate if isinstance(dilation_rate, int) else dilation_rate[0]
    data_format = check_arguments(x, data_format, padding, 1, ("valid", "same"))
    rows = _add_row(x, data_format)
    mixed = _convolve_separable(
        rows,
        depthwise_kernel.unsqueeze(0),
        pointwise_kernel.unsqueeze(0),
        (1, strides),
        padding,
        data_format,
        (1, dilation_rate),
        bias,
    )
    return _drop_row(mixed, data_format)


@operation
def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Sequence[int] = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sequence[int] = (1, 1),
    bias: Any = None,
    rectify: bool = False,
) -> Any:
    """Convolve each channel of images by itself, then mix the channels; arguments as in `conv2d`.

    Args:
        depthwise_kernel: (rows, columns, channels, multiplier).
        pointwise_kernel: (1, 1, channels * multiplier, filters).
    """
    data_format = check_arguments(x, data_format, padding, 2, ("valid", "same"))
    return _convolve_separable(
        x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate, bias, rectify
    )


def _convolve_separable(
    x: torch.Tensor,
    depthwise: torch.Tensor,
    pointwise: torch.Tensor,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilation: Sequence[int],
    bias: torch.Tensor | None,
    rectify: bool = False,
) -> torch.Tensor:
    apart = _convolve_depthwise(x, depthwise, strides, padding, data_format, dilation)
    return _convolve(
        apart, _to_torch_order(pointwise), (1, 1), "valid", data_format, (1, 1), bias, rectify=rectify
    )
