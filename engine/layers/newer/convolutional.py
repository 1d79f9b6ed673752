"""Convolutions of sequences. Not in Keras 2.1.6: files of later lines name these layers."""

from __future__ import annotations

from typing import Any

from engine.layers.convolutional.depthwise import DepthwiseConvolution
from engine.layers.convolutional.transpose import TransposedConvolution
from engine.layers.registry import register_layer


@register_layer("Convolution1DTranspose")
class Conv1DTranspose(TransposedConvolution):
    """Turn sequences of the shape that a convolution gives into the shape that it takes.

    Args:
        filters: number of output channels.
        kernel_size: size of a kernel.
        strides: how many steps of the output lie between two of the input.
        kwargs: as for `Conv2DTranspose`, and `output_padding` and `dilation_rate`.

    Shapes:
        `(batch, steps, channels)` to `(batch, new_steps, filters)`; channels second with `channels_first`.
    """

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, **kwargs: Any) -> None:
        super().__init__(rank=1, filters=filters, kernel_size=kernel_size, strides=strides, **kwargs)


@register_layer()
class DepthwiseConv1D(DepthwiseConvolution):
    """Slide kernels over each channel of sequences apart.

    Args:
        kernel_size: size of a kernel.
        strides: distance between its positions.
        kwargs: as for `DepthwiseConv2D`, and `dilation_rate`.

    Shapes:
        `(batch, steps, channels)` to `(batch, new_steps, channels * depth_multiplier)`; channels second with
        `channels_first`.
    """

    def __init__(self, kernel_size: Any, strides: Any = 1, **kwargs: Any) -> None:
        super().__init__(rank=1, kernel_size=kernel_size, strides=strides, **kwargs)
