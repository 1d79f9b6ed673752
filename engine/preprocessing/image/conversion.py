"""Pillow images to arrays and back, and batches of images as arrays."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from engine import backend as K

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


class ImageAxes(NamedTuple):
    """Which axes of a batch are what."""

    row: int
    column: int
    channel: int


_AXES = {"channels_last": ImageAxes(1, 2, 3), "channels_first": ImageAxes(2, 3, 1)}


def image_axes(data_format: str) -> ImageAxes:
    """Return which axes of a batch of images are what."""
    return _AXES[data_format]


def as_images(x: Any, data_format: str) -> np.ndarray:
    """Return a batch of images as an array of floats.

    Raises:
        ValueError: it has no four axes.
    """
    images = np.asarray(x, dtype=K.floatx())
    if images.ndim != 4:
        raise ValueError(f"Images must be an array of rank 4. Found the shape {images.shape}.")
    axis = image_axes(data_format).channel
    if images.shape[axis] not in _MODES:
        warnings.warn(
            f"Images in the data format {data_format} have 1, 3 or 4 channels on axis {axis}, but their shape is "
            f"{images.shape}: {images.shape[axis]} channels.",
            stacklevel=3,
        )
    return images


def img_to_array(img: Any, data_format: str | None = None) -> np.ndarray:
    """Return a Pillow image's pixels, from 0 to 255.

    Args:
        img: the image.
        data_format: `channels_last` or `channels_first`; None for the default.

    Shapes:
        (height, width, channels) or (channels, height, width).

    Raises:
        ValueError: the data format is unknown, or it is no image.
    """
    data_format = K.normalize_data_format(data_format)
    x = np.array(img, dtype=K.floatx())
    if x.ndim not in (2, 3):
        raise ValueError(f"An image has two or three axes. Found the shape {x.shape}.")
    if x.ndim == 2:
        x = x[:, :, np.newaxis]
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True) -> Image.Image:
    """Return a Pillow image of an array.

    Args:
        x: one image, with 1 (gray), 3 (RGB) or 4 (RGBA) channels.
        data_format: `channels_last` or `channels_first`; None for the default.
        scale: whether to lift the least value to 0 if it is below, and then to stretch the greatest to 255.

    Raises:
        ValueError: the data format is unknown, or the array's shape is no image's.
    """
    data_format = K.normalize_data_format(data_format)
    x = np.asarray(x, dtype=K.floatx())
    if x.ndim != 3:
        raise ValueError(f"An image must be an array of rank 3. Found the shape {x.shape}.")
    if data_format == "channels_first":
        x = x.transpose(1, 2, 0)
    channels = x.shape[2]
    if channels not in _MODES:
        raise ValueError(
            f"An image has 1, 3 or 4 channels. Found {channels}, with {data_format}: "
            f"(height, width, channels) is {x.shape}."
        )
    if scale:
        x = x + max(-np.min(x), 0)
        greatest = np.max(x)
        x = x / greatest * 255 if greatest != 0 else x
    pixels = np.ascontiguousarray(x, dtype="uint8")
    return Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, _MODES[channels])
