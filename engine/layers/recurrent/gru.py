"""Gated recurrent units."""

from __future__ import annotations

from typing import Any

from engine import activations
from engine import backend as K
from engine.backend.recurrence import apply_mask, gru
from engine.layers.recurrent.cell import RecurrentCell
from engine.layers.recurrent.standard import StandardRNN
from engine.layers.registry import register_layer


@register_layer()
class GRUCell(RecurrentCell):
    """One step of `GRU`; gates lie in the order update, reset, candidate (Keras's z, r, h).

    Args:
        units: size of the output.
        activation: applied to the output's candidate; none for None.
        recurrent_activation: applied to the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to the weights after each step.
        dropout: share of the inputs dropped while training, the same ones at all steps.
        recurrent_dropout: share of the state dropped while training, likewise.
        implementation: with dropout, 1 draws one mask a gate and 2 one for all; else they are the same.
        reset_after: whether the reset gate is applied after the recurrent product (as cuDNN does) or before.
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "hard_sigmoid",
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
        implementation: int = 1,
        reset_after: bool = False,
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
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        size = self.units * self.gates
        return (2, size) if self.reset_after else (size,)

    def _input_bias(self) -> Any:
        return self.bias[0] if self.reset_after and self.use_bias else self.bias

    def _recurrent_bias(self) -> Any:
        return self.bias[1] if self.use_bias else None

    def advance(self, projected: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Return the output, which is the new state too."""
        state = states[0]
        masks = self._recurrent_dropout_masks
        if masks is not None and len(masks) == 1:
            # Keras's one mask for all gates falls on the state that is carried over as well.
            state, masks = apply_mask(state, masks[0]), None
        gates_kernel, candidate_kernel = self._split(self.recurrent_kernel, 2, 1)
        gates, candidate = self._split(projected, 2, 1)
        if self.reset_after:
            product = self._multiply(state, self.recurrent_kernel, masks, self._recurrent_bias())
            gates_product, candidate_product = self._split(product, 2, 1)
        else:
            gates_product = self._multiply(state, gates_kernel, None if masks is None else masks[:2])
        update, reset = self._split(self.recurrent_activation(gates + gates_product), 1, 1)
        if self.reset_after:
            candidate_product = reset * candidate_product
        else:
            masked = state if masks is None else apply_mask(state, masks[2])
            candidate_product = K.dot(reset * masked, candidate_kernel)
        output = update * state + (1.0 - update) * self.activation(candidate + candidate_product)
        return output, [output]

    def run(self, inputs: Any, states: list[Any], mask: Any) -> tuple[Any, Any, list[Any]] | None:
        """Return the last output, all outputs and the last states, for the usual activations."""
        if (
            not self._computes_as(GRUCell)
            # One mask for all gates falls on the state that is carried over as well.
            or len(self._recurrent_dropout_masks or ()) == 1
            or self.activation is not activations.tanh
            or self.recurrent_activation not in (activations.sigmoid, activations.hard_sigmoid)
        ):
            return None
        bias = self._recurrent_bias() if self.reset_after else None
        gathered = self._gather_inputs(inputs, mask, states[0], recurrent_bias=bias)
        outputs, output = gru(gathered, self.recurrent_activation.__name__, self.reset_after)
        return output, outputs, [output]

    @classmethod
    def config_names(cls) -> tuple[str, ...]:
        """Return the constructor's arguments, in the order of the configuration."""
        return (*super().config_names(), "recurrent_activation", "implementation", "reset_after")


@register_layer()
class GRU(StandardRNN):
    """Gated recurrent units.

    Args:
        units: size of the output.
        activation: applied to the output's candidate; none for None.
        recurrent_activation: applied to the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to the weights after each step.
        dropout: share of the inputs dropped while training, the same ones at all steps.
        recurrent_dropout: share of the state dropped while training, likewise.
        implementation: with dropout, 1 draws one mask a gate and 2 one for all; else they are the same.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.
        reset_after: whether the reset gate is applied after the recurrent product (as cuDNN does) or before.

    Shapes:
        As for `RNN`.

    Source: Cho et al., On the Properties of Neural Machine Translation (2014).
    """

    cell_class = GRUCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "hard_sigmoid",
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
        implementation: int = 1,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = False,
        **kwargs: Any,
    ) -> None:
        cell = GRUCell(
            units=units,
            activation=activation,
            recurrent_activation=recurrent_activation,
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
            reset_after=reset_after,
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
