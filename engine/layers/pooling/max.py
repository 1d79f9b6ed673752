"""Max pooling over sequences, images and volumes."""

from __future__ import annotations

from engine.layers.pooling.base import Pooling1D, Pooling2D, Pooling3D
from engine.layers.registry import register_layer


@register_layer("MaxPool1D")
class MaxPooling1D(Pooling1D):
    """Take the greatest value of each window of sequences.

    Args:
        pool_size: size of the window, 2 by default.
        strides: distance between windows; `pool_size` by default.
        padding: `valid` or `same`.

    Shapes:
        `(batch, steps, channels)` to `(batch, windows, channels)`.
    """

    pool_mode = "max"


@register_layer("MaxPool2D")
class MaxPooling2D(Pooling2D):
    """Take the greatest value of each window of images.

    Args:
        pool_size: size of the window, (2, 2) by default.
        strides: distance between windows; `pool_size` by default.
        padding: `valid` or `same`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, rows, cols, channels)`, or channels second, to the same with fewer rows and cols.
    """

    pool_mode = "max"


@register_layer("MaxPool3D")
class MaxPooling3D(Pooling3D):
    """Take the greatest value of each window of volumes.

    Args:
        pool_size: size of the window, (2, 2, 2) by default.
        strides: distance between windows; `pool_size` by default.
        padding: `valid` or `same`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, dim1, dim2, dim3, channels)`, or channels second, to the same with smaller dims.
    """

    pool_mode = "max"
