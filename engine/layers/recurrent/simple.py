"""The fully connected recurrent layer."""

from __future__ import annotations

from typing import Any

from engine import activations
from engine.backend.recurrence import ACTIVATIONS, simple_rnn
from engine.layers.recurrent.cell import RecurrentCell
from engine.layers.recurrent.standard import StandardRNN
from engine.layers.registry import register_layer


@register_layer()
class SimpleRNNCell(RecurrentCell):
    """One step of `SimpleRNN`.

    Args:
        units: size of the output.
        activation: applied to the output's candidate; none for None.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to the weights after each step.
        dropout: share of the inputs dropped while training, the same ones at all steps.
        recurrent_dropout: share of the state dropped while training, likewise.
    """

    gates = 1

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units=units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            **kwargs,
        )

    def advance(self, projected: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Return `activation(projected + dot(state, recurrent_kernel))`, which is the new state too."""
        output = self.activation(self._add_recurrence(projected, states[0]))
        return output, [output]

    def run(self, inputs: Any, states: list[Any], mask: Any) -> tuple[Any, Any, list[Any]] | None:
        """Return the last output, all outputs and the last states, for the usual activations."""
        name = getattr(self.activation, "__name__", "")
        if (
            not self._computes_as(SimpleRNNCell)
            or name not in ACTIVATIONS
            or self.activation is not getattr(activations, name)
        ):
            return None
        outputs, output = simple_rnn(self._gather_inputs(inputs, mask, states[0]), name)
        return output, outputs, [output]


@register_layer()
class SimpleRNN(StandardRNN):
    """A recurrent layer whose output is fed back to it.

    Args:
        units: size of the output.
        activation: applied to the output's candidate; none for None.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to the weights after each step.
        dropout: share of the inputs dropped while training, the same ones at all steps.
        recurrent_dropout: share of the state dropped while training, likewise.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.

    Shapes:
        As for `RNN`.
    """

    cell_class = SimpleRNNCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        cell = SimpleRNNCell(
            units=units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
