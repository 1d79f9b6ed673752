"""Pooling (manual, section 14.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional

from engine.backend.symbolic import operation
from engine.backend.windows import (
    check_arguments,
    from_channels_first,
    measure_padding,
    pad,
    to_channels_first,
)

_MAXIMA = {2: functional.max_pool2d, 3: functional.max_pool3d}
_MEANS = {2: functional.avg_pool2d, 3: functional.avg_pool3d}


def _pool(
    x: torch.Tensor, window: Sequence[int], strides: Sequence[int], padding: str, data_format: str, mode: str
) -> torch.Tensor:
    if mode not in ("max", "avg"):
        raise ValueError(f"Invalid pooling mode: {mode!r}. Use `max` or `avg`.")
    x = to_channels_first(x, data_format)
    window, strides = tuple(window), tuple(strides)
    amounts = measure_padding(x.shape[2:], window, strides, (1,) * len(window), padding)
    if mode == "max" and not any(map(any, amounts)) and _has_pairs(x, window, strides):
        return from_channels_first(_take_pairwise_maxima(x), data_format)
    # With `ceil_mode` a last window may reach over the end by what is padded before, and one cell more where
    # strides are over 1: all that `same` asks for.
    reaches = all(after == before or stride > 1 for (before, after), stride in zip(amounts, strides))
    cells = tuple(before for before, _ in amounts)
    if reaches:
        result = _pool_padded(x, window, strides, cells, padding == "same", mode)
    else:
        result = _pool_copied(x, window, strides, amounts, mode)
    return from_channels_first(result, data_format)


def _has_pairs(x: torch.Tensor, window: Sequence[int], strides: Sequence[int]) -> bool:
    """Tell whether windows are pairs of pairs, next to each other, whose places no derivative asks for."""
    return (
        window == strides == (2, 2)
        and min(x.shape[2:]) >= 2
        and x.device.type == "cpu"
        and not (x.requires_grad and torch.is_grad_enabled())
    )


def _take_pairwise_maxima(x: torch.Tensor) -> torch.Tensor:
    """Return maxima of columns, of maxima of rows: several times as fast as a kernel that notes their places."""
    height, width = (size // 2 * 2 for size in x.shape[2:])
    rows = torch.maximum(x[:, :, 0:height:2, :width], x[:, :, 1:height:2, :width])
    return torch.maximum(rows[..., 0::2], rows[..., 1::2])


def _pool_padded(x: Any, window: Any, strides: Any, cells: Any, ceil_mode: bool, mode: str) -> torch.Tensor:
    rank = len(window)
    if mode == "max":
        return _MAXIMA[rank](x, window, strides, cells, 1, ceil_mode)
    return _MEANS[rank](x, window, strides, cells, ceil_mode, False)


def _pool_copied(x: Any, window: Any, strides: Any, amounts: Any, mode: str) -> torch.Tensor:
    rank = len(window)
    if mode == "max":
        return _MAXIMA[rank](pad(x, amounts, -torch.inf), window, strides)
    shares = _MEANS[rank](pad(torch.ones_like(x[:1, :1]), amounts), window, strides)
    return _MEANS[rank](pad(x, amounts), window, strides) / shares


@operation
def pool1d(
    x: Any,
    pool_size: int,
    strides: int = 1,
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """Pool sequences; arguments as in `pool2d`, with numbers for pairs."""
    data_format = check_arguments(x, data_format, padding, 1, ("valid", "same"))
    row_axis = 2 if data_format == "channels_first" else 1
    rows = x.unsqueeze(row_axis)
    return _pool(rows, (1, pool_size), (1, strides), padding, data_format, pool_mode).squeeze(row_axis)


@operation
def pool2d(
    x: Any,
    pool_size: Sequence[int],
    strides: Sequence[int] = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """Pool images.

    Args:
        x: a tensor of four axes.
        pool_size: rows and columns of a window.
        strides: cells between two windows.
        padding: `valid` or `same`; what is padded counts neither as a maximum nor in a mean.
        data_format: `channels_last` or `channels_first`.
        pool_mode: `max` or `avg`.

    Raises:
        ValueError: `data_format`, `padding` or `pool_mode` is unknown.
    """
    data_format = check_arguments(x, data_format, padding, 2, ("valid", "same"))
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


@operation
def pool3d(
    x: Any,
    pool_size: Sequence[int],
    strides: Sequence[int] = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """Pool volumes; arguments as in `pool2d`, with a depth before rows and columns."""
    data_format = check_arguments(x, data_format, padding, 3, ("valid", "same"))
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


_ADAPTIVE: dict[tuple[str, int], Callable[..., Any]] = {
    ("avg", 1): functional.adaptive_avg_pool1d,
    ("avg", 2): functional.adaptive_avg_pool2d,
    ("avg", 3): functional.adaptive_avg_pool3d,
    ("max", 1): functional.adaptive_max_pool1d,
    ("max", 2): functional.adaptive_max_pool2d,
    ("max", 3): functional.adaptive_max_pool3d,
}


@operation
def adaptive_pool(
    x: Any, output_size: Sequence[int], data_format: str | None = None, pool_mode: str = "max"
) -> Any:
    """Pool space into a given number of windows, which cover it and may overlap.

    Args:
        x: a tensor of as many axes of space as `output_size` has numbers.
        output_size: number of windows along each axis.
        data_format: `channels_last` or `channels_first`.
        pool_mode: `max` or `avg`.
    """
    data_format = check_arguments(x, data_format, "valid", len(output_size), ("valid",))
    pooled = _ADAPTIVE[pool_mode, len(output_size)](to_channels_first(x, data_format), tuple(output_size))
    return from_channels_first(pooled, data_format)
