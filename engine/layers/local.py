"""Convolution with kernels of its own at each position (manual, section 5.5)."""

from __future__ import annotations

import math
from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec
from engine.layers.convolutional.base import Convolution
from engine.layers.registry import register_layer
from engine.layers.windows import spatial_axes


class LocallyConnected(Convolution):
    """A convolution that shares no weights, over one or two axes."""

    hidden_arguments: tuple[str, ...] = ("dilation_rate",)

    def __init__(
        self, rank: int, filters: int, kernel_size: Any, padding: str = "valid", **kwargs: Any
    ) -> None:
        super().__init__(rank, filters, kernel_size, padding=padding, **kwargs)
        if self.padding != "valid":
            raise ValueError(
                f'Invalid border mode for {type(self).__name__} (only "valid" is supported): {padding}'
            )

    def build(self, input_shape: Any) -> None:
        """Make the kernels and biases of all positions.

        Raises:
            ValueError: a size is unknown.
        """
        if None in input_shape[1:]:
            raise ValueError(
                f"The spatial dimensions of the inputs to {type(self).__name__} should be fully defined, but "
                f"layer {self.name} received an input with shape {input_shape}."
            )
        channels = self._count_channels(input_shape)
        output_shape = self.compute_output_shape(input_shape)
        self._output_sizes = [output_shape[axis] for axis in spatial_axes(self.rank, self.data_format)]
        positions, volume = math.prod(self._output_sizes), math.prod(self.kernel_size)
        self._add_kernel((positions, volume * channels, self.filters))
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(*self._output_sizes, self.filters),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        axes = dict(enumerate(input_shape[1:], start=1))
        self.input_spec = InputSpec(ndim=self.rank + 2, axes=axes)
        self.built = True

    def _convolve(self, inputs: Any) -> Any:
        window = (self.kernel_size, self.strides)
        if self.rank == 1:
            return K.local_conv1d(inputs, self.kernel, *window, data_format=self.data_format)
        return K.local_conv2d(
            inputs, self.kernel, *window, tuple(self._output_sizes), data_format=self.data_format
        )


@register_layer()
class LocallyConnected1D(LocallyConnected):
    """Slide over sequences with other kernels at each position.

    Args:
        filters: number of kernels a position, which is the number of output channels.
        kernel_size: size of a kernel, one integer or one an axis.
        strides: distance between positions.
        padding: `valid` only.
        data_format: accepted for Keras's sake; the channels are last either way.
        activation: applied to the result; none by default.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each step.

    Shapes:
        `(batch, steps, channels)` to `(batch, new_steps, filters)`.

    Raises:
        ValueError: the padding is another one.
    """

    hidden_arguments = ("dilation_rate", "data_format")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
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


@register_layer()
class LocallyConnected2D(LocallyConnected):
    """Slide over images with other kernels at each position.

    Args:
        filters: number of kernels a position, which is the number of output channels.
        kernel_size: size of a kernel, one integer or one an axis.
        strides: distance between positions.
        padding: `valid` only.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        activation: applied to the result; none by default.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each step.

    Shapes:
        `(batch, rows, cols, channels)` to `(batch, new_rows, new_cols, filters)`; channels second with
        `channels_first`.

    Raises:
        ValueError: the padding is another one.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
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
