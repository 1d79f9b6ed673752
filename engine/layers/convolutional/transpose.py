"""Transposed convolution of images and volumes."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.convolutional.base import Convolution
from engine.layers.description import describe_later
from engine.layers.registry import register_layer
from engine.layers.windows import channel_axis, deconv_length, normalize_tuple, spatial_axes


class TransposedConvolution(Convolution):
    """The adjoint of a convolution, over any number of axes.

    Args:
        output_padding: cells by which the output is longer than its kernels reach, one integer or one an axis; None
            for as many as fill the strides. Of later lines of Keras, as is `dilation_rate` other than 1.
        kwargs: as for `Convolution`.
    """

    hidden_arguments = ("dilation_rate",)

    def __init__(self, rank: int, output_padding: Any = None, **kwargs: Any) -> None:
        super().__init__(rank=rank, **kwargs)
        self.output_padding = (
            None if output_padding is None else normalize_tuple(output_padding, rank, "output_padding", 0)
        )
        if output_padding is not None and any(
            more >= stride for more, stride in zip(self.output_padding or (), self.strides, strict=True)
        ):
            raise ValueError(
                f"`output_padding` must be less than `strides` along each axis. Received: {output_padding} and "
                f"{self.strides}"
            )

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias.

        Raises:
            ValueError: the number of channels is unknown.
        """
        channels = self._count_channels(input_shape)
        self._add_kernel((*self.kernel_size, self.filters, channels))
        self._add_bias(self.filters)
        self.built = True

    def _lengthen(self, sizes: Any) -> list[Any]:
        """Return the spatial sizes of the output for those of the input."""
        extra = self.output_padding or (None,) * self.rank
        windows = zip(sizes, self.strides, self.kernel_size, self.dilation_rate, extra, strict=True)
        return [
            deconv_length(size, stride, kernel, self.padding, dilation, more)
            for size, stride, kernel, dilation, more in windows
        ]

    def _convolve(self, inputs: Any) -> Any:
        static, sizes = K.int_shape(inputs), K.shape(inputs)
        axes = spatial_axes(self.rank, self.data_format)
        lengths = self._lengthen([sizes[axis] if static[axis] is None else static[axis] for axis in axes])
        output_shape = [sizes[0], *lengths]
        output_shape.insert(channel_axis(self.data_format) % (self.rank + 2), self.filters)
        if self.rank == 1:
            return K.conv1d_transpose(
                inputs,
                self.kernel,
                tuple(output_shape),
                self.strides[0],
                self.padding,
                self.data_format,
                dilation_rate=self.dilation_rate[0],
            )
        spread = K.conv2d_transpose if self.rank == 2 else K.conv3d_transpose
        return spread(
            inputs,
            self.kernel,
            tuple(output_shape),
            self.strides,
            self.padding,
            self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        later = describe_later(self, dilation_rate=(1,) * self.rank, output_padding=None)
        return {**super().get_config(), **later}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the lengthened axes and the number of filters."""
        shape = list(input_shape)
        axes = spatial_axes(self.rank, self.data_format)
        for axis, length in zip(axes, self._lengthen([shape[axis] for axis in axes]), strict=True):
            shape[axis] = length
        shape[channel_axis(self.data_format)] = self.filters
        return tuple(shape)


@register_layer("Convolution2DTranspose", "Deconv2D", "Deconvolution2D")
class Conv2DTranspose(TransposedConvolution):
    """Turn images of the shape that a convolution gives into the shape that it takes.

    Args:
        filters: number of output channels.
        kernel_size: size of a kernel, one integer or one an axis.
        strides: how many cells of the output lie between two of the input.
        padding: `valid` or `same`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        activation: applied to the result; none by default.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each step.

    Shapes:
        `(batch, rows, cols, channels)` to `(batch, new_rows, new_cols, filters)`;
        channels second with `channels_first`.

    Source: Zeiler et al., Deconvolutional Networks (2010).
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


@register_layer("Deconv3D", "Deconvolution3D")
class Conv3DTranspose(TransposedConvolution):
    """Turn volumes of the shape that a convolution gives into the shape that it takes.

    Args:
        filters: number of output channels.
        kernel_size: size of a kernel, one integer or one an axis.
        strides: how many cells of the output lie between two of the input.
        padding: `valid` or `same`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        activation: applied to the result; none by default.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each step.

    Shapes:
        `(batch, dim1, dim2, dim3, channels)` to `(batch, new_dim1, new_dim2, new_dim3, filters)`;
        channels second with `channels_first`.

    Source: Zeiler et al., Deconvolutional Networks (2010).
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
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
            rank=3,
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
