"""Pooling over whole sequences, images and volumes."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.pooling.base import GlobalPooling, GlobalPooling1D
from engine.layers.registry import register_layer


@register_layer("GlobalAvgPool1D")
class GlobalAveragePooling1D(GlobalPooling1D):
    """Take the mean of each channel of sequences, over the steps that are not masked.

    Shapes:
        `(batch, steps, channels)` to `(batch, channels)`.
    """

    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mean of each channel."""
        if mask is None:
            return K.mean(inputs, axis=self.axes, keepdims=self.keepdims)
        shares = K.expand_dims(K.cast(mask, K.dtype(inputs)))
        total = K.sum(inputs * shares, axis=self.axes, keepdims=self.keepdims)
        return total / K.sum(shares, axis=self.axes, keepdims=self.keepdims)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Return None: no step is left to mask."""
        return


@register_layer("GlobalAvgPool2D")
class GlobalAveragePooling2D(GlobalPooling):
    """Take the mean of each channel of images.

    Args:
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, rows, cols, channels)`, or channels second, to `(batch, channels)`.
    """

    rank = 2

    def call(self, inputs: Any) -> Any:
        """Return the mean of each channel."""
        return K.mean(inputs, axis=self.axes, keepdims=self.keepdims)


@register_layer("GlobalAvgPool3D")
class GlobalAveragePooling3D(GlobalPooling):
    """Take the mean of each channel of volumes.

    Args:
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, dim1, dim2, dim3, channels)`, or channels second, to `(batch, channels)`.
    """

    rank = 3

    def call(self, inputs: Any) -> Any:
        """Return the mean of each channel."""
        return K.mean(inputs, axis=self.axes, keepdims=self.keepdims)


@register_layer("GlobalMaxPool1D")
class GlobalMaxPooling1D(GlobalPooling1D):
    """Take the greatest value of each channel of sequences.

    Shapes:
        `(batch, steps, channels)` to `(batch, channels)`.
    """

    def call(self, inputs: Any) -> Any:
        """Return the greatest value of each channel."""
        return K.max(inputs, axis=self.axes, keepdims=self.keepdims)


@register_layer("GlobalMaxPool2D")
class GlobalMaxPooling2D(GlobalPooling):
    """Take the greatest value of each channel of images.

    Args:
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, rows, cols, channels)`, or channels second, to `(batch, channels)`.
    """

    rank = 2

    def call(self, inputs: Any) -> Any:
        """Return the greatest value of each channel."""
        return K.max(inputs, axis=self.axes, keepdims=self.keepdims)


@register_layer("GlobalMaxPool3D")
class GlobalMaxPooling3D(GlobalPooling):
    """Take the greatest value of each channel of volumes.

    Args:
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, dim1, dim2, dim3, channels)`, or channels second, to `(batch, channels)`.
    """

    rank = 3

    def call(self, inputs: Any) -> Any:
        """Return the greatest value of each channel."""
        return K.max(inputs, axis=self.axes, keepdims=self.keepdims)
