"""The cells of convolutional long short-term memory (manual, section 5.6.5)."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.backend.recurrence import Inputs, conv_lstm, scale_bias, scale_kernel
from engine.layers.convolutional.base import convolve
from engine.layers.recurrent.lstm import LSTMCell
from engine.layers.registry import register_layer
from engine.layers.sizes import check_size
from engine.layers.windows import channel_axis, normalize_padding, normalize_tuple


class ConvLSTMCell(LSTMCell):
    """One step of a convolutional LSTM over any number of axes.

    Args:
        filters: number of output channels.
        kernel_size: size of a kernel, one integer or one an axis.
        strides: distance between positions of the input's kernel.
        padding: `valid` or `same`, for the input's convolution; the state's is always `same`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        dilation_rate: distance between the cells of the input's kernel.
        kwargs: as for `LSTMCell`.
    """

    rank: int

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(check_size(filters, "filters"), implementation=1, **kwargs)
        self.filters = self.units
        self.kernel_size = normalize_tuple(kernel_size, self.rank, "kernel_size")
        self.strides = normalize_tuple(strides, self.rank, "strides")
        self.padding = normalize_padding(padding)
        self.data_format = K.normalize_data_format(data_format)
        self.dilation_rate = normalize_tuple(dilation_rate, self.rank, "dilation_rate")

    def build(self, input_shape: Any) -> None:
        """Make the weights.

        Raises:
            ValueError: the number of channels is unknown.
        """
        channels = input_shape[channel_axis(self.data_format)]
        if channels is None:
            raise ValueError(
                f"The channel dimension of the inputs should be defined. Layer {self.name} found `None` in "
                f"{input_shape}."
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.filters * self.gates),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(*self.kernel_size, self.filters, self.filters * self.gates),
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self._add_bias()
        self.built = True

    def draw_dropout_masks(self, inputs: Any, training: Any = None) -> None:
        """Draw the masks that all steps of one call share; one a gate, in the shape of a step.

        Args:
            inputs: one step (batch, ...) or all of them (batch, time, ...).
            training: 0 or 1; the learning phase by default.
        """
        self.forget_dropout_masks()
        step = inputs[:, 0] if K.ndim(inputs) == self.rank + 3 else inputs
        if 0.0 < self.dropout < 1.0:
            self._dropout_masks = self._draw(step, self.dropout, training)
        if 0.0 < self.recurrent_dropout < 1.0:
            self._recurrent_dropout_masks = self._draw(
                self.make_state(step), self.recurrent_dropout, training
            )

    def _draw(self, like: Any, rate: float, training: Any) -> list[Any]:
        ones = K.ones_like(like)
        return [
            K.in_train_phase(lambda: K.dropout(ones, rate), ones, training=training)
            for _ in range(self.gates)
        ]

    def make_state(self, step: Any) -> Any:
        """Return a state of zeros for the input of one step."""
        kernel = K.zeros_like(self._gate(self.kernel, 0))
        return self._convolve_input(K.zeros_like(step), kernel)

    def _convolve_input(self, inputs: Any, kernel: Any) -> Any:
        return convolve(
            self.rank, inputs, kernel, self.strides, self.padding, self.data_format, self.dilation_rate
        )

    def _convolve_state(self, state: Any, kernel: Any) -> Any:
        ones = (1,) * self.rank
        return convolve(self.rank, state, kernel, ones, "same", self.data_format, ones)

    def _split(self, tensor: Any, *shares: int) -> Any:
        """Return parts of the channels, of so many gates each."""
        return tensor.split([share * self.filters for share in shares], channel_axis(self.data_format))

    def _over_gates(self, convolve: Any, values: Any, kernel: Any, masks: list[Any] | None) -> Any:
        if masks is None:
            return convolve(values, kernel)
        parts = [convolve(values * mask, self._gate(kernel, number)) for number, mask in enumerate(masks)]
        return K.concatenate(parts, axis=channel_axis(self.data_format))

    def _add_recurrence(self, projected: Any, state: Any) -> Any:
        masks = self._recurrent_dropout_masks
        return projected + self._over_gates(self._convolve_state, state, self.recurrent_kernel, masks)

    def run(self, inputs: Any, states: list[Any], mask: Any) -> tuple[Any, Any, list[Any]] | None:
        """Return the last output, all outputs and the last states, for the usual activations and layouts."""
        if (
            not self._is_usual(ConvLSTMCell)
            or self._dropout_masks is not None
            or self._recurrent_dropout_masks is not None
            or mask is not None
            or self.data_format != "channels_last"
            or any(size % 2 == 0 for size in self.kernel_size)
        ):
            return None
        gate = self.recurrent_activation.__name__
        kernel = scale_kernel(self.kernel, self.recurrent_kernel, gate)
        bias = scale_bias(self.bias, self.recurrent_kernel, gate)
        steps_first = K.permute_dimensions(inputs, (1, 0, *range(2, self.rank + 3)))
        projected = self._project_all(steps_first, None, kernel, bias)
        output, carry = states
        outputs, output, carry = conv_lstm(
            Inputs(projected, None, None, self.recurrent_kernel, None, None, output, carry), gate
        )
        return output, outputs, [output, carry]

    def project(self, inputs: Any) -> Any:
        """Return the input's part of all gates, bias included.

        Args:
            inputs: one step (batch, ...) or all of them (batch, time, ...).
        """
        masks = self._dropout_masks
        if K.ndim(inputs) == self.rank + 2:
            return self._project_steps(inputs, masks, self.kernel, self.bias)
        if masks is not None:
            ones = K.ones_like(inputs)
            masks = [self._join_time(ones * K.expand_dims(mask, 1)) for mask in masks]
        return self._project_all(inputs, masks, self.kernel, self.bias)

    def _project_all(self, inputs: Any, masks: list[Any] | None, kernel: Any, bias: Any) -> Any:
        """Return the projection of inputs that have two axes before those of an image."""
        sizes, static = K.shape(inputs), K.int_shape(inputs)
        count = sizes[1] if static[1] is None else static[1]
        projected = self._project_steps(self._join_time(inputs), masks, kernel, bias)
        return K.reshape(projected, (-1, count, *self._known_sizes(projected)))

    def _join_time(self, inputs: Any) -> Any:
        """Return all steps of all samples along the first axis."""
        sizes, static = K.shape(inputs), K.int_shape(inputs)
        rest = [sizes[axis] if static[axis] is None else static[axis] for axis in range(2, self.rank + 3)]
        return K.reshape(inputs, (-1, *rest))

    @staticmethod
    def _known_sizes(x: Any) -> list[Any]:
        sizes, static = K.shape(x), K.int_shape(x)
        return [sizes[axis] if static[axis] is None else static[axis] for axis in range(1, K.ndim(x))]

    def _project_steps(self, inputs: Any, masks: list[Any] | None, kernel: Any, bias: Any) -> Any:
        projected = self._over_gates(self._convolve_input, inputs, kernel, masks)
        return projected if bias is None else K.bias_add(projected, bias, data_format=self.data_format)

    @classmethod
    def config_names(cls) -> tuple[str, ...]:
        """Return the constructor's arguments, in the order of the configuration."""
        own = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")
        return (*own, *(name for name in super().config_names() if name not in ("units", "implementation")))


@register_layer()
class ConvLSTM2DCell(ConvLSTMCell):
    """One step of `ConvLSTM2D`; arguments as of `ConvLSTMCell`."""

    rank = 2
