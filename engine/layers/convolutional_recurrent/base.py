"""What layers make of shapes and states whose cells convolve."""

from __future__ import annotations

from typing import Any

from engine.layers.recurrent.base import RNN
from engine.layers.windows import channel_axis, conv_output_length


class ConvolutionalRNN(RNN):
    """A recurrent layer whose cell convolves: what it makes of shapes and states.

    The cell is a `ConvLSTMCell` or a cell of its own with the same attributes and `make_state`.
    """

    def _output_step_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Return the shape of one step's output without the batch's axis."""
        cell = self.cell
        first = 2 if cell.data_format == "channels_last" else 3
        sizes = [
            conv_output_length(
                input_shape[first + number],
                cell.kernel_size[number],
                cell.padding,
                cell.strides[number],
                cell.dilation_rate[number],
            )
            for number in range(cell.rank)
        ]
        if cell.data_format == "channels_last":
            return (*sizes, cell.filters)
        return (cell.filters, *sizes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output, and of the states where they are given."""
        if isinstance(input_shape, list):
            input_shape = input_shape[0]
        state_shape = (input_shape[0], *self._output_step_shape(input_shape))
        steps = (input_shape[1],) if self.return_sequences else ()
        output_shape = (input_shape[0], *steps, *state_shape[1:])
        return [output_shape, state_shape, state_shape] if self.return_state else output_shape

    def build(self, input_shape: Any) -> None:
        """Build the cell.

        Raises:
            ValueError: the kernel is larger than the images, or the initial states do not fit.
        """
        shape = input_shape[0] if isinstance(input_shape, list) else input_shape
        if any(size is not None and size < 1 for size in self._output_step_shape(shape)):
            raise ValueError(
                f"Layer {self.name} leaves nothing of its input, whose shape is {tuple(shape)}: the images "
                "are too small for its kernel."
            )
        super().build(input_shape)

    def _check_state_spec(self) -> None:
        axis = channel_axis(self.cell.data_format)
        for spec in self.state_spec or ():
            if spec.shape[axis] != self.cell.filters:
                raise ValueError(
                    f"An `initial_state` of {self.name} has {spec.shape[axis]} channels in its shape "
                    f"{spec.shape}; the layer has {self.cell.filters} filters."
                )

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """Return states of zeros for a batch of inputs."""
        state = self.cell.make_state(inputs[:, 0])
        return [state, state]

    def _state_shapes(self) -> list[tuple[int, ...]]:
        (batch_size, _), _ = super()._state_shapes()
        shape = self.input_spec[0].shape
        sizes = self._output_step_shape(shape)
        if None in sizes:
            raise ValueError(
                f"A stateful {type(self).__name__} needs inputs of known size. Found shape {shape}."
            )
        return [(batch_size, *sizes)] * 2
