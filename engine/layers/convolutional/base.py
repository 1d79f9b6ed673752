"""Convolution over any number of axes."""

from __future__ import annotations

from typing import Any

from engine import activations, constraints, initializers, regularizers
from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe, describe_later
from engine.layers.sizes import check_size
from engine.layers.windows import (
    channel_axis,
    check_spatial_sizes,
    conv_output_length,
    normalize_padding,
    normalize_tuple,
    spatial_axes,
)


def convolve(
    rank: int,
    inputs: Any,
    kernel: Any,
    strides: tuple[int, ...],
    padding: str,
    data_format: str,
    dilation_rate: tuple[int, ...],
    groups: int = 1,
) -> Any:
    """Convolve over `rank` axes by the backend's function for them."""
    if rank == 1:
        return K.conv1d(inputs, kernel, strides[0], padding, data_format, dilation_rate[0], groups=groups)
    function = K.conv2d if rank == 2 else K.conv3d
    return function(inputs, kernel, strides, padding, data_format, dilation_rate, groups=groups)


class Convolution(Layer):
    """Slide kernels over the spatial axes.

    Args:
        rank: number of spatial axes.
        filters: number of kernels, which is the number of output channels.
        kernel_size: size of a kernel, one integer or one an axis.
        strides: distance between its positions.
        padding: `valid`, `same`, or `causal` over one axis.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        dilation_rate: distance between the kernel's cells.
        activation: applied to the result; none by default.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each step.
        groups: into how many groups channels and filters are split, each convolved apart; of later lines of Keras.
    """

    def __init__(
        self,
        rank: int,
        filters: Any,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
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
        groups: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rank = rank
        self.filters: Any = filters if filters is None else check_size(filters, "filters")
        self.kernel_size = normalize_tuple(kernel_size, rank, "kernel_size")
        self.strides = normalize_tuple(strides, rank, "strides")
        self.padding = normalize_padding(padding, causal=rank == 1)
        self.data_format = K.normalize_data_format(data_format)
        self.dilation_rate = normalize_tuple(dilation_rate, rank, "dilation_rate")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.groups = check_size(groups, "groups")
        self.input_spec = InputSpec(ndim=rank + 2)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias.

        Raises:
            ValueError: the number of channels is unknown, the groups do not divide it or that of filters, or the
                kernel is larger than the input.
        """
        channels = self._count_channels(input_shape)
        if channels % self.groups or self.filters % self.groups:
            raise ValueError(
                f"Layer {self.name} can't split {channels} channels and {self.filters} filters into {self.groups} "
                "groups of one size each."
            )
        self._add_kernel((*self.kernel_size, channels // self.groups, self.filters))
        self._add_bias(self.filters)
        self.built = True

    def _count_channels(self, input_shape: Any) -> int:
        axis = channel_axis(self.data_format)
        channels = input_shape[axis]
        if channels is None:
            raise ValueError(
                f"The channel dimension of the inputs should be defined. Layer {self.name} found `None` in "
                f"{input_shape}."
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        check_spatial_sizes(self, input_shape)
        return channels

    def _add_kernel(self, shape: Any) -> None:
        self.kernel = self.add_weight(
            "kernel",
            shape,
            None,
            self.kernel_initializer,
            self.kernel_regularizer,
            True,
            self.kernel_constraint,
        )

    def _add_bias(self, size: Any) -> None:
        self.bias: Any = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                (size,),
                None,
                self.bias_initializer,
                self.bias_regularizer,
                True,
                self.bias_constraint,
            )

    def call(self, inputs: Any) -> Any:
        """Return what the kernels give at each position."""
        return self._finish(self._convolve(inputs))

    def _convolve(self, inputs: Any) -> Any:
        return convolve(
            self.rank,
            inputs,
            self.kernel,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
            self.groups,
        )

    def _finish(self, outputs: Any) -> Any:
        if self.use_bias:
            outputs = K.bias_add(outputs, self.bias, data_format=self.data_format)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the numbers of positions and the number of filters."""
        shape = list(input_shape)
        axes = spatial_axes(self.rank, self.data_format)
        for number, axis in enumerate(axes):
            shape[axis] = conv_output_length(
                shape[axis],
                self.kernel_size[number],
                self.padding,
                self.strides[number],
                self.dilation_rate[number],
            )
        shape[channel_axis(self.data_format)] = self.filters
        return tuple(shape)

    # The constructor's arguments that the layer does not have in Keras, and so its configuration neither.
    hidden_arguments: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        names = (
            "filters",
            "kernel_size",
            "strides",
            "padding",
            "data_format",
            "dilation_rate",
            "activation",
            "use_bias",
            "kernel_initializer",
            "bias_initializer",
            "kernel_regularizer",
            "bias_regularizer",
            "activity_regularizer",
            "kernel_constraint",
            "bias_constraint",
        )
        shown = [name for name in names if name not in self.hidden_arguments]
        return {**super().get_config(), **describe(self, *shown), **describe_later(self, groups=1)}
