"""Fully connected layers that Keras 2 left out; their arguments keep Keras 1's names."""

from __future__ import annotations

from typing import Any

from engine import activations, constraints, initializers, regularizers
from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.core import Dense
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.sizes import check_size


def TimeDistributedDense(  # noqa: N802 - Keras's name
    output_dim: int, input_dim: int | None = None, input_length: int | None = None, **kwargs: Any
) -> Dense:
    """Make a `Dense` layer, which works on every step by itself now.

    Args:
        output_dim: size of the output's last axis.
        input_dim, input_length: size of a step and number of steps, for the first layer of a model.
        kwargs: as for `Dense`.
    """
    if input_dim is not None:
        kwargs.setdefault("input_shape", (input_length, input_dim))
    return Dense(output_dim, **kwargs)


class LegacyDense(Layer):
    """What both layers share: one initializer, penalties and bounds for all kernels, and for all biases.

    Args:
        init: first values of the kernels.
        W_regularizer, b_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        W_constraint, b_constraint: applied to the weights after each step.
        bias: whether biases are added.
        input_dim: size of the input's last axis, for the first layer of a model.
    """

    def __init__(
        self,
        init: Any = "glorot_uniform",
        W_regularizer: Any = None,  # noqa: N803 - Keras's name
        b_regularizer: Any = None,
        activity_regularizer: Any = None,
        W_constraint: Any = None,  # noqa: N803 - Keras's name
        b_constraint: Any = None,
        bias: bool = True,
        input_dim: int | None = None,
        **kwargs: Any,
    ) -> None:
        if input_dim is not None and "batch_input_shape" not in kwargs:
            kwargs.setdefault("input_shape", (input_dim,))
        super().__init__(**kwargs)
        self.init = initializers.get(init)
        self.W_regularizer = regularizers.get(W_regularizer)
        self.b_regularizer = regularizers.get(b_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.W_constraint = constraints.get(W_constraint)
        self.b_constraint = constraints.get(b_constraint)
        self.bias = bias
        self.input_spec = InputSpec(ndim=2)

    def _add_kernel(self, name: str, *shape: int) -> Any:
        return self.add_weight(name, shape, None, self.init, self.W_regularizer, True, self.W_constraint)

    def _add_bias(self, name: str, *shape: int, initializer: str = "zeros") -> Any:
        """Make a bias, or give zero where there is none."""
        if not self.bias:
            return 0.0
        return self.add_weight(name, shape, None, initializer, self.b_regularizer, True, self.b_constraint)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        names = (
            "W_regularizer",
            "b_regularizer",
            "activity_regularizer",
            "W_constraint",
            "b_constraint",
            "bias",
        )
        return {**super().get_config(), "init": initializers.serialize(self.init), **describe(self, *names)}


@register_layer()
class MaxoutDense(LegacyDense):
    """Take the greatest of several products with matrices, output by output.

    Args:
        output_dim: size of the output.
        nb_feature: number of matrices.
        init: first values of the kernel.
        W_regularizer, b_regularizer, activity_regularizer: penalties on the weights and on the output.
        W_constraint, b_constraint: applied to the weights after each step.
        bias: whether a bias is added.
        input_dim: size of the input, for the first layer of a model.

    Shapes:
        `(batch, input_dim)` to `(batch, output_dim)`.

    Source: Goodfellow et al., Maxout Networks, arXiv 1302.4389.
    """

    def __init__(self, output_dim: int, nb_feature: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_dim = check_size(output_dim, "output_dim")
        self.nb_feature = check_size(nb_feature, "nb_feature")

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        self.W = self._add_kernel("W", self.nb_feature, input_shape[-1], self.output_dim)
        self.b = self._add_bias("b", self.nb_feature, self.output_dim)
        self.input_spec = InputSpec(ndim=2, axes={-1: input_shape[-1]})
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the greatest product of each output."""
        return K.max(K.dot(inputs, self.W) + self.b, axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the batch's size and the output's."""
        return (input_shape[0], self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "output_dim", "nb_feature")}


@register_layer()
class Highway(LegacyDense):
    """Let a gate choose, output by output, between a product with a matrix and the input itself.

    Args:
        init: first values of the kernels.
        activation: applied to the product; none by default.
        W_regularizer, b_regularizer, activity_regularizer: penalties on the weights and on the output.
        W_constraint, b_constraint: applied to the weights after each step.
        bias: whether biases are added; the gate's starts at 1.
        input_dim: size of the input, for the first layer of a model.

    Shapes:
        `(batch, input_dim)` to the same.

    Source: Srivastava et al., Highway Networks, arXiv 1505.00387.
    """

    def __init__(self, init: Any = "glorot_uniform", activation: Any = None, **kwargs: Any) -> None:
        super().__init__(init, **kwargs)
        self.activation = activations.get(activation)

    def build(self, input_shape: Any) -> None:
        """Make kernels and biases of product and gate."""
        size = input_shape[-1]
        self.W = self._add_kernel("W", size, size)
        self.W_carry = self._add_kernel("W_carry", size, size)
        self.b = self._add_bias("b", size)
        self.b_carry = self._add_bias("b_carry", size, initializer="ones")
        self.input_spec = InputSpec(ndim=2, axes={-1: size})
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the mixture of product and input."""
        share = K.sigmoid(K.dot(inputs, self.W_carry) + self.b_carry)
        return share * self.activation(K.dot(inputs, self.W) + self.b) + (1.0 - share) * inputs

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "activation")}
