"""Long short-term memory."""

from __future__ import annotations

from typing import Any

from engine import activations
from engine import backend as K
from engine.backend.recurrence import lstm
from engine.layers.recurrent.cell import RecurrentCell
from engine.layers.recurrent.standard import StandardRNN
from engine.layers.registry import register_layer


@register_layer()
class LSTMCell(RecurrentCell):
    """One step of `LSTM`; gates lie in the order admit, keep, candidate, give (Keras's i, f, c, o).

    Args:
        units: size of the output.
        activation: applied to the output's candidate; none for None.
        recurrent_activation: applied to the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to the weights after each step.
        dropout: share of the inputs dropped while training, the same ones at all steps.
        recurrent_dropout: share of the state dropped while training, likewise.
        implementation: with dropout, 1 draws one mask a gate and 2 one for all; else they are the same.
    """

    gates = 4
    state_count = 2

    def __init__(
        self,
        units: int,
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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        implementation: int = 1,
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
            implementation=implementation,
            **kwargs,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    def _initialize_bias(self, shape: Any, dtype: Any = None) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer(shape, dtype=dtype)
        parts = [
            self.bias_initializer((self.units,), dtype=dtype),
            K.ones((self.units,), dtype=dtype),
            self.bias_initializer((self.units * 2,), dtype=dtype),
        ]
        return K.concatenate(parts)

    def advance(self, projected: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Return the output and the new states, output and carry."""
        output, carry = states
        gates = self._add_recurrence(projected, output)
        admit, keep, candidate, give = self._split(gates, 1, 1, 1, 1)
        carry = self.recurrent_activation(keep) * carry + self.recurrent_activation(admit) * self.activation(
            candidate
        )
        output = self.recurrent_activation(give) * self.activation(carry)
        return output, [output, carry]

    def _is_usual(self, cell_class: type[LSTMCell]) -> bool:
        """Tell whether the steps are those that are written out: of the class given, with the usual activations."""
        return (
            self._computes_as(cell_class)
            and self.activation is activations.tanh
            and self.recurrent_activation in (activations.sigmoid, activations.hard_sigmoid)
        )

    def run(self, inputs: Any, states: list[Any], mask: Any) -> tuple[Any, Any, list[Any]] | None:
        """Return the last output, all outputs and the last states, for the usual activations."""
        if not self._is_usual(LSTMCell):
            return None
        output, carry = states
        outputs, output, carry = lstm(
            self._gather_inputs(inputs, mask, output=output, carry=carry), self.recurrent_activation.__name__
        )
        return output, outputs, [output, carry]

    @classmethod
    def config_names(cls) -> tuple[str, ...]:
        """Return the constructor's arguments, in the order of the configuration."""
        return (*super().config_names(), "recurrent_activation", "unit_forget_bias", "implementation")


@register_layer()
class LSTM(StandardRNN):
    """Long short-term memory.

    Args:
        units: size of the output.
        activation: applied to the output's candidate; none for None.
        recurrent_activation: applied to the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to the weights after each step.
        dropout: share of the inputs dropped while training, the same ones at all steps.
        recurrent_dropout: share of the state dropped while training, likewise.
        implementation: with dropout, 1 draws one mask a gate and 2 one for all; else they are the same.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.

    Shapes:
        As for `RNN`.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory (1997); Gers et al., Learning to Forget (2000).
    """

    cell_class = LSTMCell

    def __init__(
        self,
        units: int,
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
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        implementation: int = 1,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        cell = LSTMCell(
            units=units,
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
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            implementation=implementation,
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
