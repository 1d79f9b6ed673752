"""Recurrent layers with the weights and formulas of cuDNN (manual, sections 5.6.10 and 5.6.11).

They compute the same on every device.
"""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.recurrent.cell import RecurrentCell
from engine.layers.recurrent.gru import GRUCell
from engine.layers.recurrent.lstm import LSTMCell
from engine.layers.recurrent.standard import StandardRNN
from engine.layers.registry import register_layer

# What cuDNN's cells leave no choice of.
_FIXED = (
    "activation",
    "recurrent_activation",
    "use_bias",
    "dropout",
    "recurrent_dropout",
    "implementation",
    "reset_after",
)


def _to_matrix(weight: Any, size: int, gates: int) -> Any:
    """Return a kernel (size, gates * units) as a product takes it.

    cuDNN keeps each gate's matrix as (units, size), row behind row; Keras gives that memory the shape of its own
    kernels.
    """
    parts = K.permute_dimensions(K.reshape(weight, (size, gates, -1)), (1, 0, 2))
    transposed = K.reshape(parts, (gates, -1, size))
    return K.reshape(K.permute_dimensions(transposed, (2, 0, 1)), K.int_shape(weight))


def _to_recurrent_matrix(weight: Any, units: int, gates: int) -> Any:
    """Return a recurrent kernel (units, gates * units), each gate transposed, as a product takes it."""
    return K.reshape(
        K.permute_dimensions(K.reshape(weight, (units, gates, units)), (2, 1, 0)), K.int_shape(weight)
    )


class CuDNNCell(RecurrentCell):
    """A cell whose weights are laid out as cuDNN has them; `kernel` and `recurrent_kernel` are made of them."""

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        super().build(input_shape)
        self.kernel = _to_matrix(self.kernel, input_shape[-1], self.gates)
        self.recurrent_kernel = _to_recurrent_matrix(self.recurrent_kernel, self.units, self.gates)


class CuDNNGRUCell(CuDNNCell, GRUCell):
    """A step of `GRU` with sigmoid gates, the reset after the product, and both biases in one row."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, recurrent_activation="sigmoid", reset_after=True, **kwargs)

    def _bias_shape(self) -> tuple[int, ...]:
        return (2 * self.units * self.gates,)

    def _input_bias(self) -> Any:
        return self.bias[: self.units * self.gates]

    def _recurrent_bias(self) -> Any:
        return self.bias[self.units * self.gates :]

    @classmethod
    def config_names(cls) -> tuple[str, ...]:
        """Return the constructor's arguments, in the order of the configuration."""
        return tuple(name for name in super().config_names() if name not in _FIXED)


class CuDNNLSTMCell(CuDNNCell, LSTMCell):
    """A step of `LSTM` with sigmoid gates, and biases of the input and of the state one behind the other."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, recurrent_activation="sigmoid", **kwargs)

    def _bias_shape(self) -> tuple[int, ...]:
        return (2 * self.units * self.gates,)

    def _initialize_bias(self, shape: Any, dtype: Any = None) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer(shape, dtype=dtype)
        parts = [
            self.bias_initializer((self.units * 5,), dtype=dtype),
            K.ones((self.units,), dtype=dtype),
            self.bias_initializer((self.units * 2,), dtype=dtype),
        ]
        return K.concatenate(parts)

    def _input_bias(self) -> Any:
        split = self.units * self.gates
        return self.bias[:split] + self.bias[split:]

    @classmethod
    def config_names(cls) -> tuple[str, ...]:
        """Return the constructor's arguments, in the order of the configuration."""
        return tuple(name for name in super().config_names() if name not in _FIXED)


class CuDNNRNN(StandardRNN):
    """A recurrent layer without masks and without unrolling."""

    supports_masking = False

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = None,
        initial_state: Any = None,
        constants: Any = None,
    ) -> Any:
        """Return the outputs, and the last states where they are asked for.

        Raises:
            ValueError: there is a mask.
        """
        if any(item is not None for item in (mask if isinstance(mask, list) else [mask])):
            raise ValueError(f"Masking is not supported for CuDNN RNNs ({self.name}). Use GRU or LSTM.")
        return super().call(inputs, None, training, initial_state, constants)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        config = super().get_config()
        del config["unroll"]
        return config


@register_layer()
class CuDNNGRU(CuDNNRNN):
    """Gated recurrent units as cuDNN computes them: sigmoid gates, two biases, the reset after the product.

    Args:
        units: size of the output.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to the weights after each step.
        return_sequences, return_state, stateful: as for `RNN`.

    Shapes:
        As for `RNN`.
    """

    cell_class = CuDNNGRUCell

    def __init__(
        self,
        units: int,
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
        return_sequences: bool = False,
        return_state: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        cell = CuDNNGRUCell(
            units,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
        )
        super().__init__(
            cell,
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            stateful=stateful,
            **kwargs,
        )


@register_layer()
class CuDNNLSTM(CuDNNRNN):
    """Long short-term memory as cuDNN computes it: sigmoid gates and two biases.

    Args:
        units: size of the output.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to the weights after each step.
        return_sequences, return_state, stateful: as for `RNN`.

    Shapes:
        As for `RNN`.
    """

    cell_class = CuDNNLSTMCell

    def __init__(
        self,
        units: int,
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
        return_state: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        cell = CuDNNLSTMCell(
            units,
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
        )
        super().__init__(
            cell,
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            stateful=stateful,
            **kwargs,
        )
