"""Convolutional long short-term memory (manual, section 5.6.5)."""

from __future__ import annotations

from typing import Any

from engine.layers.base import InputSpec
from engine.layers.convolutional_recurrent.base import ConvolutionalRNN
from engine.layers.convolutional_recurrent.cell import ConvLSTM2DCell, ConvLSTMCell
from engine.layers.recurrent.standard import StandardRNN
from engine.layers.registry import register_layer


class ConvLSTM(ConvolutionalRNN, StandardRNN):
    """Long short-term memory whose products are convolutions, over any number of axes.

    Args:
        filters: number of output channels.
        kernel_size: size of a kernel, one integer or one an axis.
        activity_regularizer: penalty on the output.
        return_sequences, return_state, go_backwards, stateful: as for `RNN`.
        kwargs: what the cell takes, and what all layers take.
    """

    cell: ConvLSTMCell

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        activity_regularizer: Any = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        names = self.cell_class.config_names()
        of_cell = {name: kwargs.pop(name) for name in names if name in kwargs}
        super().__init__(
            self.cell_class(filters, kernel_size, **of_cell),
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            **kwargs,
        )
        self.input_spec = [InputSpec(ndim=self.cell.rank + 3)]


@register_layer()
class ConvRNN2D(ConvolutionalRNN):
    """Run a convolutional cell over the steps of films.

    Args:
        cell: a `ConvLSTM2DCell`, or a cell derived from it.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.

    Shapes:
        As those of `ConvLSTM2D`.

    Raises:
        ValueError: the cell does not convolve images, or is a list.
    """

    def __init__(self, cell: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(cell, ConvLSTMCell) or cell.rank != 2:
            raise ValueError(
                f"ConvRNN2D runs one convolutional cell, such as ConvLSTM2DCell. Found: {cell!r}"
            )
        super().__init__(cell, *args, **kwargs)
        self.input_spec = [InputSpec(ndim=5)]


@register_layer()
class ConvLSTM2D(ConvLSTM):
    """Long short-term memory over images: the products of `LSTM` are convolutions.

    Args:
        filters: number of output channels.
        kernel_size: size of a kernel, one integer or a pair.
        strides: distance between positions of the input's kernel.
        padding: `valid` or `same`, for the input's convolution; the state's is always `same`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        dilation_rate: distance between the cells of the input's kernel.
        activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
        bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer, bias_regularizer,
        activity_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
        recurrent_dropout: as for `LSTM`.
        return_sequences, go_backwards, stateful: as for `RNN`.

    Shapes:
        `(batch, steps, rows, cols, channels)` to `(batch, new_rows, new_cols, filters)`, or with
        `return_sequences` `(batch, steps, new_rows, new_cols, filters)`; channels before rows with
        `channels_first`.

    Source: Shi et al., Convolutional LSTM Network (2015).
    """

    cell_class = ConvLSTM2DCell

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = "tanh",
        recurrent_activation: Any = "hard_sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        return_sequences: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            stateful=stateful,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            **kwargs,
        )
