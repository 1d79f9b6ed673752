"""Padding and enlarging (manual, section 14.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from engine.backend.config import normalize_data_format
from engine.backend.shaping import to_sizes
from engine.backend.symbolic import operation
from engine.backend.windows import from_channels_first, pad, to_channels_first

Pairs = Sequence[Sequence[int]]


def _pad_space(x: torch.Tensor, padding: Pairs, data_format: str | None) -> torch.Tensor:
    data_format = normalize_data_format(data_format)
    padded = pad(to_channels_first(x, data_format), [(before, after) for before, after in padding])
    return from_channels_first(padded, data_format)


@operation
def temporal_padding(x: Any, padding: Sequence[int] = (1, 1)) -> Any:
    """Add steps of zeros before and after sequences.

    Shapes:
        (batch, steps, channels) -> (batch, steps + sum(padding), channels).
    """
    return _pad_space(x, [padding], "channels_last")


@operation
def spatial_2d_padding(x: Any, padding: Pairs = ((1, 1), (1, 1)), data_format: str | None = None) -> Any:
    """Add rows and columns of zeros around images.

    Args:
        x: a tensor of four axes.
        padding: ((top, bottom), (left, right)).
        data_format: `channels_last` or `channels_first`.

    Raises:
        ValueError: `data_format` is unknown.
    """
    return _pad_space(x, padding, data_format)


@operation
def spatial_3d_padding(
    x: Any, padding: Pairs = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None
) -> Any:
    """Add zeros around volumes; arguments as in `spatial_2d_padding`, with a pair for the depth first."""
    return _pad_space(x, padding, data_format)


def _repeat_space(x: torch.Tensor, factors: Sequence[int], data_format: str | None) -> torch.Tensor:
    """Repeat each cell by one copy of a view in which every axis of space has a further axis behind it."""
    first = 2 if normalize_data_format(data_format) == "channels_first" else 1
    sizes, result = list(x.shape), list(x.shape)
    view = x
    for number, factor in reversed(list(enumerate(factors, start=first))):
        view = view.unsqueeze(number + 1)
        sizes.insert(number + 1, factor)
        result[number] *= factor
    return view.expand(sizes).reshape(result)


@operation
def resize_images(x: Any, height_factor: int, width_factor: int, data_format: str | None) -> Any:
    """Enlarge images by repeating rows and columns.

    Args:
        x: a tensor of four axes.
        height_factor, width_factor: how often to repeat each row and each column.
        data_format: `channels_last` or `channels_first`.

    Raises:
        ValueError: `data_format` is unknown.
    """
    if not x.is_floating_point():
        return _repeat_space(x, (height_factor, width_factor), data_format)
    rows, columns = (1, 2) if normalize_data_format(data_format) == "channels_last" else (2, 3)
    sizes = (x.shape[rows] * height_factor, x.shape[columns] * width_factor)
    return interpolate_images.compute(x, *sizes, data_format, "nearest")  # type: ignore[attr-defined]


@operation
def resize_volumes(
    x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str | None
) -> Any:
    """Enlarge volumes by repeating; arguments as in `resize_images`, with the depth first."""
    return _repeat_space(x, (depth_factor, height_factor, width_factor), data_format)


# As TensorFlow 2 and Keras 3 take it: both look from the middles of the cells.
_INTERPOLATIONS = {"nearest": "nearest-exact", "bilinear": "bilinear"}


@operation
def interpolate_images(
    x: Any, height: Any, width: Any, data_format: str | None = None, interpolation: str = "bilinear"
) -> Any:
    """Bring images to a size.

    Args:
        x: a tensor of four axes.
        height, width: rows and columns of the result; may be symbolic.
        data_format: `channels_last` or `channels_first`.
        interpolation: `nearest` or `bilinear`.

    Raises:
        ValueError: `data_format` or `interpolation` is unknown.
    """
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(
            f"`interpolation` must be one of {sorted(_INTERPOLATIONS)}. Found: {interpolation!r}"
        )
    data_format = normalize_data_format(data_format)
    images = to_channels_first(x, data_format)
    resized = functional.interpolate(images, to_sizes((height, width)), mode=_INTERPOLATIONS[interpolation])
    return from_channels_first(resized, data_format)
