"""Convolution with weights of its own at each position (manual, section 14.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from engine.backend.config import normalize_data_format
from engine.backend.symbolic import operation


def _apply(patches: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Multiply (batch, positions, features) by (positions, features, filters) position by position."""
    return torch.matmul(patches.transpose(0, 1), kernel).transpose(0, 1)


@operation
def local_conv1d(
    inputs: Any,
    kernel: Any,
    kernel_size: Sequence[int],
    strides: Sequence[int],
    data_format: str | None = None,
) -> Any:
    """Convolve sequences without sharing weights between positions.

    Args:
        inputs: (batch, steps, channels).
        kernel: (positions, kernel_size * channels, filters).
        kernel_size: one number: steps of a window.
        strides: one number: steps between two windows.
        data_format: `channels_last` or `channels_first`; the channels of `inputs` are last either way.

    Shapes:
        -> (batch, positions, filters).

    Raises:
        ValueError: `data_format` is unknown.
    """
    normalize_data_format(data_format)
    windows = inputs.unfold(1, kernel_size[0], strides[0]).transpose(2, 3)[:, : kernel.shape[0]]
    return _apply(windows.reshape(inputs.shape[0], kernel.shape[0], kernel.shape[1]), kernel)


@operation
def local_conv2d(
    inputs: Any,
    kernel: Any,
    kernel_size: Sequence[int],
    strides: Sequence[int],
    output_shape: Sequence[int],
    data_format: str | None = None,
) -> Any:
    """Convolve images without sharing weights between positions.

    Args:
        inputs: (batch, rows, columns, channels), or (batch, channels, rows, columns) with `channels_first`.
        kernel: (positions, window's rows * columns * channels, filters), in the order of the inputs' axes.
        kernel_size: rows and columns of a window.
        strides: rows and columns between two windows.
        output_shape: rows and columns of the result.
        data_format: `channels_last` or `channels_first`.

    Raises:
        ValueError: `data_format` is unknown.
    """
    channels_first = normalize_data_format(data_format) == "channels_first"
    row_axis = 2 if channels_first else 1
    windows = inputs.unfold(row_axis, kernel_size[0], strides[0]).unfold(
        row_axis + 1, kernel_size[1], strides[1]
    )
    rows, columns = (int(size) for size in output_shape)
    windows = windows.narrow(row_axis, 0, rows).narrow(row_axis + 1, 0, columns)
    # To (batch, rows, columns, then a window's axes in the order of the inputs').
    windows = windows.permute((0, 2, 3, 1, 4, 5) if channels_first else (0, 1, 2, 4, 5, 3))
    patches = windows.reshape(inputs.shape[0], kernel.shape[0], kernel.shape[1])
    result = _apply(patches, kernel).reshape(inputs.shape[0], rows, columns, kernel.shape[2])
    return result.permute(0, 3, 1, 2) if channels_first else result
