"""Convolution of sequences, images and volumes."""

from __future__ import annotations

from typing import Any

from engine.layers.convolutional.base import Convolution
from engine.layers.registry import register_layer


@register_layer("Convolution1D")
class Conv1D(Convolution):
    """Slide kernels over sequences.

    Args:
        filters: number of kernels, which is the number of output channels.
        kernel_size: size of a kernel, one integer or one an axis.
        strides: distance between its positions.
        padding: `valid`, `same`, or `causal`, by which no step sees a later one.
        dilation_rate: distance between the kernel's cells.
        activation: applied to the result; none by default.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each step.

    Shapes:
        `(batch, steps, channels)` to `(batch, new_steps, filters)`.
    """

    hidden_arguments = ("data_format",)

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=1,
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format="channels_last",
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )


@register_layer("Convolution2D")
class Conv2D(Convolution):
    """Slide kernels over images.

    Args:
        filters: number of kernels, which is the number of output channels.
        kernel_size: size of a kernel, one integer or one an axis.
        strides: distance between its positions.
        padding: `valid` or `same`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        dilation_rate: distance between the kernel's cells.
        activation: applied to the result; none by default.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each step.

    Shapes:
        `(batch, rows, cols, channels)` to `(batch, new_rows, new_cols, filters)`;
        channels second with `channels_first`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=2,
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )


@register_layer("Convolution3D")
class Conv3D(Convolution):
    """Slide kernels over volumes.

    Args:
        filters: number of kernels, which is the number of output channels.
        kernel_size: size of a kernel, one integer or one an axis.
        strides: distance between its positions.
        padding: `valid` or `same`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        dilation_rate: distance between the kernel's cells.
        activation: applied to the result; none by default.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each step.

    Shapes:
        `(batch, dim1, dim2, dim3, channels)` to `(batch, new_dim1, new_dim2, new_dim3, filters)`;
        channels second with `channels_first`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=3,
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
