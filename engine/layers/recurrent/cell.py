"""What the built-in cells share: weights, dropout masks, and one projection of the input for all steps."""

from __future__ import annotations

from typing import Any

from engine import activations, constraints, initializers, regularizers
from engine import backend as K
from engine.backend.recurrence import Inputs, apply_mask, draw_mask
from engine.layers.base import Layer
from engine.layers.description import describe
from engine.layers.sizes import check_size


class RecurrentCell(Layer):
    """One step of a recurrent layer, in two parts.

    `project` is the part that depends on the input alone: a layer calls it once for all steps, and it is one
    matrix product. `advance` is the rest. Gates lie side by side along the last axis of all weights.

    Args:
        units: size of the output.
        activation: applied to the output's candidate; none for None.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to the weights after each step.
        dropout: share of the inputs that is dropped while training, the same ones at all steps.
        recurrent_dropout: share of the state that is dropped while training, likewise.
        implementation: with dropout, 1 draws one mask a gate and 2 one for all gates; without, they are
            the same.
    """

    # Number of gates.
    gates: int
    # Number of states.
    state_count = 1

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
        implementation: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = check_size(units, "units")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.implementation = implementation
        self._dropout_masks: list[Any] | None = None
        self._recurrent_dropout_masks: list[Any] | None = None

    @property
    def state_size(self) -> Any:
        """Size of the state, or a tuple of sizes where there are several."""
        return self.units if self.state_count == 1 else (self.units,) * self.state_count

    # Weights.

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.units * self.gates),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(self.units, self.units * self.gates),
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self._add_bias()
        self.built = True

    def _add_bias(self) -> None:
        self.bias: Any = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=self._bias_shape(),
                initializer=self._initialize_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.units * self.gates,)

    def _initialize_bias(self, shape: Any, dtype: Any = None) -> Any:
        return self.bias_initializer(shape, dtype=dtype)

    def _input_bias(self) -> Any:
        """Return the bias that belongs to the input's projection."""
        return self.bias

    def _gate(self, kernel: Any, number: int) -> Any:
        """Return one gate's share of a kernel."""
        return kernel[..., number * self.units : (number + 1) * self.units]

    def _split(self, tensor: Any, *shares: int) -> Any:
        """Return parts of the last axis, of so many gates each."""
        return tensor.split([share * self.units for share in shares], -1)

    # Dropout.

    def draw_dropout_masks(self, inputs: Any, training: Any = None) -> None:
        """Draw the masks that all steps of one call share.

        Args:
            inputs: a tensor with the batch along its first axis.
            training: 0 or 1; the learning phase by default.
        """
        self.forget_dropout_masks()
        count = self.gates if self.implementation == 1 else 1
        if 0.0 < self.dropout < 1.0:
            size = K.int_shape(self.kernel)[0]
            self._dropout_masks = [draw_mask(inputs, size, self.dropout, training) for _ in range(count)]
        if 0.0 < self.recurrent_dropout < 1.0:
            self._recurrent_dropout_masks = [
                draw_mask(inputs, self.units, self.recurrent_dropout, training) for _ in range(count)
            ]

    def forget_dropout_masks(self) -> None:
        """Let the next call draw masks of its own."""
        self._dropout_masks = self._recurrent_dropout_masks = None

    # Computation.

    def project(self, inputs: Any) -> Any:
        """Return the input's part of all gates, bias included.

        Args:
            inputs: one step (batch, input_dim) or all of them (batch, time, input_dim).
        """
        return self._multiply(inputs, self.kernel, self._dropout_masks, self._input_bias())

    def _multiply(self, values: Any, kernel: Any, masks: list[Any] | None, bias: Any = None) -> Any:
        """Return the product of `values`, masked gate by gate or all at once, and a kernel, plus a bias."""
        if masks is None or len(masks) == 1:
            return K.linear(values if masks is None else apply_mask(values, masks[0]), kernel, bias)
        products = [
            K.dot(apply_mask(values, mask), self._gate(kernel, number)) for number, mask in enumerate(masks)
        ]
        product = K.concatenate(products)
        return product if bias is None else product + bias

    def _add_recurrence(self, projected: Any, state: Any) -> Any:
        """Return a step's input part of all gates plus the state's."""
        masks = self._recurrent_dropout_masks
        if masks is None:
            return projected.addmm(state, self.recurrent_kernel)
        return projected + self._multiply(state, self.recurrent_kernel, masks)

    def advance(self, projected: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Return the output and the new states of one step.

        Args:
            projected: what `project` gave for the step.
            states: the states before it.
        """
        raise TypeError(f"{type(self).__name__} does not say how it advances.")

    def run(self, inputs: Any, states: list[Any], mask: Any) -> tuple[Any, Any, list[Any]] | None:
        """Return the last output, all outputs and the last states of all steps at once, where that is faster.

        Args:
            inputs: all steps (batch, time, input_dim).
            states: the states before the first, None each for zeros.
            mask: (batch, time), where steps do not count; None where all do.
        """
        return None

    def _computes_as(self, cell_class: type[RecurrentCell]) -> bool:
        """Tell whether no subclass computes otherwise than the class given."""
        parts = ("advance", "project", "_multiply", "_add_recurrence")
        return all(getattr(type(self), part) is getattr(cell_class, part) for part in parts)

    def _gather_inputs(
        self, inputs: Any, mask: Any, output: Any, carry: Any = None, recurrent_bias: Any = None
    ) -> Inputs:
        """Return what a recurrence over all steps reads."""
        if mask is not None:
            mask = K.cast(mask[..., 0] if K.ndim(mask) == 3 else mask, "bool")
        return Inputs(
            sequences=inputs,
            kernel=self.kernel,
            bias=self._input_bias(),
            recurrent_kernel=self.recurrent_kernel,
            recurrent_bias=recurrent_bias,
            mask=mask,
            output=output,
            carry=carry,
            drops=self._recurrent_dropout_masks,
            input_drops=self._dropout_masks,
        )

    def call(self, inputs: Any, states: list[Any], training: Any = None) -> tuple[Any, list[Any]]:
        """Return the output and the new states of one step.

        Args:
            inputs: (batch, input_dim).
            states: the states before it, (batch, units) each.
            training: 0 or 1; the learning phase by default.
        """
        if self._dropout_masks is not None or self._recurrent_dropout_masks is not None:
            return self.advance(self.project(inputs), states)
        self.draw_dropout_masks(inputs, training)
        results = self.advance(self.project(inputs), states)
        self.forget_dropout_masks()
        return results

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the cell from."""
        return {**super().get_config(), **describe(self, *self.config_names())}

    @classmethod
    def config_names(cls) -> tuple[str, ...]:
        """Return the constructor's arguments, in the order of the configuration."""
        return (
            "units",
            "activation",
            "use_bias",
            "kernel_initializer",
            "recurrent_initializer",
            "bias_initializer",
            "kernel_regularizer",
            "recurrent_regularizer",
            "bias_regularizer",
            "kernel_constraint",
            "recurrent_constraint",
            "bias_constraint",
            "dropout",
            "recurrent_dropout",
        )
