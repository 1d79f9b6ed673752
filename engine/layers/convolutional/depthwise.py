"""Depthwise convolution."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine import constraints, initializers, regularizers
from engine.layers.convolutional.base import Convolution
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.windows import channel_axis


class DepthwiseConvolution(Convolution):
    """Slide kernels over each channel apart, over any number of axes."""

    hidden_arguments = ("filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint")

    def __init__(
        self,
        rank: int,
        kernel_size: Any,
        depth_multiplier: int = 1,
        depthwise_initializer: Any = "glorot_uniform",
        depthwise_regularizer: Any = None,
        depthwise_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank=rank, filters=None, kernel_size=kernel_size, **kwargs)
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias.

        Raises:
            ValueError: the number of channels is unknown.
        """
        channels = self._count_channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self._add_bias(channels * self.depth_multiplier)
        self.built = True

    def _convolve(self, inputs: Any) -> Any:
        if self.rank == 1:
            return K.depthwise_conv1d(
                inputs,
                self.depthwise_kernel,
                strides=self.strides[0],
                padding=self.padding,
                data_format=self.data_format,
                dilation_rate=self.dilation_rate[0],
            )
        return K.depthwise_conv2d(
            inputs,
            self.depthwise_kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the numbers of positions and of channels."""
        axis = channel_axis(self.data_format)
        shape = list(super().compute_output_shape(input_shape))
        shape[axis] = None if input_shape[axis] is None else input_shape[axis] * self.depth_multiplier
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        names = ("depth_multiplier", "depthwise_initializer", "depthwise_regularizer", "depthwise_constraint")
        return {**super().get_config(), **describe(self, *names)}


@register_layer()
class DepthwiseConv2D(DepthwiseConvolution):
    """Slide kernels over each channel of images apart.

    Args:
        kernel_size: size of a kernel, one integer or one an axis.
        strides: distance between its positions.
        padding: `valid` or `same`.
        depth_multiplier: number of kernels for each input channel.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        activation: applied to the result; none by default.
        use_bias: whether a bias is added.
        depthwise_initializer, bias_initializer: first values of the weights.
        depthwise_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        depthwise_constraint, bias_constraint: applied to the weights after each step.

    Shapes:
        `(batch, rows, cols, channels)` to `(batch, new_rows, new_cols, channels * depth_multiplier)`;
        channels second with `channels_first`.
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=2,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            depth_multiplier=depth_multiplier,
            data_format=data_format,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
