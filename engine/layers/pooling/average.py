"""Average pooling over sequences, images and volumes."""

from __future__ import annotations

from engine.layers.pooling.base import Pooling1D, Pooling2D, Pooling3D
from engine.layers.registry import register_layer


@register_layer("AvgPool1D")
class AveragePooling1D(Pooling1D):
    """Take the mean of each window of sequences.

    Args:
        pool_size: size of the window, 2 by default.
        strides: distance between windows; `pool_size` by default.
        padding: `valid` or `same`; cells of the padding are left out of the mean.

    Shapes:
        `(batch, steps, channels)` to `(batch, windows, channels)`.
    """

    pool_mode = "avg"


@register_layer("AvgPool2D")
class AveragePooling2D(Pooling2D):
    """Take the mean of each window of images.

    Args:
        pool_size: size of the window, (2, 2) by default.
        strides: distance between windows; `pool_size` by default.
        padding: `valid` or `same`; cells of the padding are left out of the mean.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, rows, cols, channels)`, or channels second, to the same with fewer rows and cols.
    """

    pool_mode = "avg"


@register_layer("AvgPool3D")
class AveragePooling3D(Pooling3D):
    """Take the mean of each window of volumes.

    Args:
        pool_size: size of the window, (2, 2, 2) by default.
        strides: distance between windows; `pool_size` by default.
        padding: `valid` or `same`; cells of the padding are left out of the mean.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, dim1, dim2, dim3, channels)`, or channels second, to the same with smaller dims.
    """

    pool_mode = "avg"
