"""Moving, turning and coloring one image; all draws are made by NumPy's global generator.

Unlike elsewhere, the default axes are those of `channels_first`: rows 1, columns 2, channels 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import ImageEnhance
from scipy import ndimage

from engine.preprocessing.image.conversion import array_to_img, img_to_array

_FILL_MODES = ("constant", "nearest", "reflect", "wrap")


def rotation_matrix(degrees: float) -> np.ndarray:
    """Return the matrix of a rotation."""
    theta = np.deg2rad(degrees)
    cosine, sine = np.cos(theta), np.sin(theta)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def shift_matrix(rows: float, columns: float) -> np.ndarray:
    """Return the matrix of a shift by pixels."""
    return np.array([[1, 0, rows], [0, 1, columns], [0, 0, 1]])


def shear_matrix(degrees: float) -> np.ndarray:
    """Return the matrix of a shear."""
    shear = np.deg2rad(degrees)
    return np.array([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]])


def zoom_matrix(rows: float, columns: float) -> np.ndarray:
    """Return the matrix of a zoom; factors below 1 enlarge."""
    return np.diag([rows, columns, 1.0])


def draw_symmetric(limit: float) -> float:
    """Draw a number from `-limit` to `limit`."""
    return np.random.uniform(-limit, limit)


def draw_zoom(zoom_range: Sequence[float]) -> np.ndarray:
    """Draw the zoom of rows and of columns; a range from 1 to 1 takes no draw."""
    lowest, highest = zoom_range
    return np.ones(2) if lowest == highest == 1 else np.random.uniform(lowest, highest, 2)


def draw_shift(shift_range: Any, size: int) -> float:
    """Draw a shift in pixels along an axis of `size`; see `ImageDataGenerator` for the meanings of ranges."""
    if not np.any(shift_range):
        return 0.0
    if np.ndim(shift_range) or isinstance(shift_range, (int, np.integer)):
        shift = np.random.choice(shift_range) * np.random.choice([-1, 1])
    else:
        shift = draw_symmetric(shift_range)
    return shift * size if np.max(shift_range) < 1 else shift


def check_fill_mode(fill_mode: str) -> None:
    """Check that there is a fill mode of this name.

    Raises:
        ValueError: there is none.
    """
    if fill_mode not in _FILL_MODES:
        raise ValueError(f"Unknown `fill_mode`: {fill_mode!r}. Use one of {', '.join(_FILL_MODES)}.")


def check_range(name: str, value: Any) -> None:
    """Check that a range is a pair.

    Raises:
        ValueError: it is none.
    """
    if np.shape(value) != (2,):
        raise ValueError(f"`{name}` must be a pair of numbers (lowest, highest). Found: {value!r}")


def transform_matrix_offset_center(matrix: np.ndarray, x: float, y: float) -> np.ndarray:
    """Return the matrix that does to an image's center what `matrix` does to its corner.

    Args:
        matrix: a 3x3 matrix of rows and columns.
        x: the number of rows.
        y: the number of columns.
    """
    rows, columns = x / 2 + 0.5, y / 2 + 0.5
    return shift_matrix(rows, columns) @ matrix @ shift_matrix(-rows, -columns)


def apply_transform(
    x: np.ndarray,
    transform_matrix: np.ndarray,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
) -> np.ndarray:
    """Return an image whose pixel at (row, column, 1) is the old one at `transform_matrix` times that.

    Args:
        x: one image.
        transform_matrix: a 3x3 matrix of rows and columns.
        channel_axis: the axis of channels.
        fill_mode: what lies outside: `constant`, `nearest`, `reflect` or `wrap`.
        cval: the value outside for `constant`.
    """
    channels = [
        ndimage.affine_transform(
            channel, transform_matrix[:2, :2], transform_matrix[:2, 2], order=1, mode=fill_mode, cval=cval
        )
        for channel in np.moveaxis(x, channel_axis, 0)
    ]
    return np.stack(channels, axis=channel_axis)


def transform_about_center(
    x: np.ndarray,
    matrix: np.ndarray,
    row_axis: int,
    col_axis: int,
    channel_axis: int,
    fill_mode: str,
    cval: float,
) -> np.ndarray:
    """Return an image transformed as by `apply_transform`, but about its center."""
    centered = transform_matrix_offset_center(matrix, x.shape[row_axis], x.shape[col_axis])
    return apply_transform(x, centered, channel_axis, fill_mode, cval)


def random_rotation(
    x: np.ndarray,
    rg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
) -> np.ndarray:
    """Return an image turned by up to `rg` degrees; see `apply_transform` for the rest."""
    matrix = rotation_matrix(draw_symmetric(rg))
    return transform_about_center(x, matrix, row_axis, col_axis, channel_axis, fill_mode, cval)


def random_shift(
    x: np.ndarray,
    wrg: float,
    hrg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
) -> np.ndarray:
    """Return an image moved by up to `wrg` of its width and `hrg` of its height; see `apply_transform`."""
    rows = draw_symmetric(hrg) * x.shape[row_axis]
    columns = draw_symmetric(wrg) * x.shape[col_axis]
    return apply_transform(x, shift_matrix(rows, columns), channel_axis, fill_mode, cval)


def random_shear(
    x: np.ndarray,
    intensity: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
) -> np.ndarray:
    """Return an image sheared by up to `intensity` degrees; see `apply_transform` for the rest."""
    matrix = shear_matrix(draw_symmetric(intensity))
    return transform_about_center(x, matrix, row_axis, col_axis, channel_axis, fill_mode, cval)


def random_zoom(
    x: np.ndarray,
    zoom_range: Sequence[float],
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
) -> np.ndarray:
    """Return an image zoomed by factors from `zoom_range`, a pair, for height and width; see `apply_transform`.

    Raises:
        ValueError: `zoom_range` is no pair.
    """
    check_range("zoom_range", zoom_range)
    matrix = zoom_matrix(*draw_zoom(zoom_range))
    return transform_about_center(x, matrix, row_axis, col_axis, channel_axis, fill_mode, cval)


def random_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """Return an image with up to `intensity` added to or taken from each channel, kept within its extremes."""
    channels = np.moveaxis(x, channel_axis, 0)
    lowest, highest = np.min(x), np.max(x)
    shifted = [np.clip(channel + draw_symmetric(intensity), lowest, highest) for channel in channels]
    return np.stack(shifted, axis=channel_axis)


def random_brightness(
    x: np.ndarray, brightness_range: Sequence[float], data_format: str | None = None
) -> np.ndarray:
    """Return an image with its brightness multiplied by a number from `brightness_range`, a pair.

    As in Keras, the image is first stretched to the values from 0 to 255; see `array_to_img`.

    Raises:
        ValueError: `brightness_range` is no pair.
    """
    check_range("brightness_range", brightness_range)
    image = array_to_img(x, data_format)
    factor = np.random.uniform(brightness_range[0], brightness_range[1])
    brighter = ImageEnhance.Brightness(image).enhance(factor)
    return img_to_array(brighter, data_format)


def flip_axis(x: Any, axis: int) -> np.ndarray:
    """Return an array with the order along an axis reversed."""
    return np.flip(np.asarray(x), axis)
