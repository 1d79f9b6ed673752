"""Moving the contents of images."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from engine.backend.config import normalize_data_format
from engine.backend.symbolic import operation
from engine.backend.windows import from_channels_first, to_channels_first

_BEYOND = {"reflect": "reflection", "nearest": "border", "constant": "zeros"}


@operation
def transform_images(
    x: Any,
    matrices: Any,
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
    data_format: str | None = None,
) -> Any:
    """Turn, shift and stretch each image by a matrix of its own.

    Args:
        x: a tensor of four axes.
        matrices: (batch, 2, 3): where each cell of the result looks, both in coordinates (column, row) that go from -1
            to 1 over the image.
        fill_mode: what lies beyond the edge: `reflect`, `nearest` or `constant`.
        fill_value: the constant.
        interpolation: `bilinear` or `nearest`.
        data_format: `channels_last` or `channels_first`.

    Raises:
        ValueError: `fill_mode` or `data_format` is unknown.
    """
    if fill_mode not in _BEYOND:
        raise ValueError(f"`fill_mode` must be one of {sorted(_BEYOND)}. Found: {fill_mode!r}")
    data_format = normalize_data_format(data_format)
    images = to_channels_first(x, data_format) - fill_value
    grid = functional.affine_grid(matrices, list(images.shape), align_corners=False)
    moved = functional.grid_sample(
        images, grid, mode=interpolation, padding_mode=_BEYOND[fill_mode], align_corners=False
    )
    return from_channels_first(moved + fill_value, data_format)


@operation
def affine_matrices(angles: Any, shifts: Any, scales: Any, aspect: Any) -> Any:
    """Return the matrices by which `transform_images` turns, shifts and stretches.

    Args:
        angles: (batch,) in radians, counter-clockwise.
        shifts: (batch, 2) in shares of width and height, right and down.
        scales: (batch, 2): how much more of width and height is seen.
        aspect: width divided by height.

    Shapes:
        To (batch, 2, 3).
    """
    cosines, sines = torch.cos(angles), torch.sin(angles)
    rows = [
        torch.stack([cosines * scales[:, 0], -sines / aspect * scales[:, 1], -2 * shifts[:, 0]], -1),
        torch.stack([sines * aspect * scales[:, 0], cosines * scales[:, 1], -2 * shifts[:, 1]], -1),
    ]
    return torch.stack(rows, 1)
