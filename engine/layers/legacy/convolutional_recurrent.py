"""The base of convolutional recurrent layers before there were cells."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec
from engine.layers.description import describe
from engine.layers.recurrent import Recurrent
from engine.layers.windows import channel_axis, conv_output_length, normalize_padding, normalize_tuple


class ConvRecurrent2D(Recurrent):
    """Run a layer's own `step` over the images of films; every state is an image of the output's shape.

    New layers are better made as a cell for `ConvRNN2D`.

    Args:
        filters: number of output channels.
        kernel_size: size of a kernel, one integer or a pair.
        strides: distance between positions of the kernel.
        padding: `valid` or `same`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        dilation_rate: distance between the cells of the kernel.
        kwargs: as for `Recurrent`.

    Shapes:
        `(batch, steps, rows, columns, channels)` to `(batch, new_rows, new_columns, filters)`, with `steps` after
        `batch` where all outputs are given; channels come before rows under `channels_first`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = self.units = filters
        self.kernel_size = normalize_tuple(kernel_size, 2, "kernel_size")
        self.strides = normalize_tuple(strides, 2, "strides")
        self.padding = normalize_padding(padding)
        self.data_format = K.normalize_data_format(data_format)
        self.dilation_rate = normalize_tuple(dilation_rate, 2, "dilation_rate")
        self.input_spec = [InputSpec(ndim=5)]

    def _output_step_shape(self, input_shape: Any) -> tuple[Any, ...]:
        first = 2 if self.data_format == "channels_last" else 3
        sizes = [
            conv_output_length(
                input_shape[first + axis],
                self.kernel_size[axis],
                self.padding,
                self.strides[axis],
                self.dilation_rate[axis],
            )
            for axis in range(2)
        ]
        return (*sizes, self.filters) if self.data_format == "channels_last" else (self.filters, *sizes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output, and of the states where they are given."""
        if isinstance(input_shape, list):
            input_shape = input_shape[0]
        state_shape = (input_shape[0], *self._output_step_shape(input_shape))
        steps = (input_shape[1],) if self.return_sequences else ()
        output_shape = (input_shape[0], *steps, *state_shape[1:])
        return [output_shape, *[state_shape] * len(self.state_sizes)] if self.return_state else output_shape

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """Return states of zeros for a batch of inputs."""
        one = K.sum(K.zeros_like(inputs), axis=[1, 2, 3, 4], keepdims=False)[:, None, None, None]
        state = K.tile(one, [1, *self._output_step_shape(K.int_shape(inputs))])
        return [state] * len(self.state_sizes)

    def _check_state_spec(self) -> None:
        axis = channel_axis(self.data_format)
        for spec in self.state_spec or ():
            if spec.shape[axis] != self.filters:
                raise ValueError(
                    f"An `initial_state` of {self.name} has {spec.shape[axis]} channels in its shape "
                    f"{spec.shape}; the layer has {self.filters} filters."
                )

    def _state_shapes(self) -> list[tuple[int, ...]]:
        shape = self.input_spec[0].shape
        return [(size[0], *self._output_step_shape(shape)) for size in super()._state_shapes()]

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        names = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")
        return {**super().get_config(), **describe(self, *names)}
