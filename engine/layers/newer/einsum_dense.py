"""The fully connected layer over any axes. Not in Keras 2.1.6: files of later lines name it."""

from __future__ import annotations

import string
from typing import Any

from engine import activations, constraints, initializers, regularizers
from engine import backend as K
from engine.layers.base import InputSpec, Layer, to_list
from engine.layers.description import describe
from engine.layers.registry import register_layer


@register_layer()
class EinsumDense(Layer):
    """Multiply by a kernel as an equation says, such as `abc,cd->abd`.

    Args:
        equation: axes of input, kernel and output by letter; the first of the input is the batch's. `...` stands
            for further axes that input and output share.
        output_shape: sizes of the output's axes but for the batch's and those of `...`; None where unknown.
        activation: applied to the result; none by default.
        bias_axes: letters of the output's axes that have a bias; none by default.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied to the weights after each step.

    Shapes:
        As the equation says.

    Raises:
        ValueError: the equation is not of this form.
    """

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.equation = equation.replace(" ", "")
        left, _, output = self.equation.partition("->")
        terms = left.split(",")
        if len(terms) != 2 or not output or ("..." in terms[0]) != ("..." in output) or "..." in terms[1]:
            raise ValueError(
                f"`equation` must look like `abc,cd->abd` or `...x,xy->...y`. Received: {equation!r}"
            )
        self._input_axes, self._kernel_axes, self._output_axes = *terms, output
        self.partial_output_shape = output_shape
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def _spell_out(self, input_shape: Any) -> tuple[str, str]:
        """Return the letters of all axes of input and output, `...` told by letters of its own."""
        hidden = len(input_shape) - len(self._input_axes.replace("...", ""))
        if hidden < 0 or ("..." not in self._input_axes and hidden):
            raise ValueError(
                f"Layer {self.name} of equation {self.equation!r} can't take inputs of shape {tuple(input_shape)}."
            )
        unused = [letter for letter in string.ascii_uppercase if letter not in self.equation]
        letters = "".join(unused[:hidden])
        return self._input_axes.replace("...", letters), self._output_axes.replace("...", letters)

    def _sizes(self, input_shape: Any) -> dict[str, Any]:
        """Return the sizes of the axes of input and output by letter; None where unknown."""
        input_axes, _ = self._spell_out(input_shape)
        sizes = dict(zip(input_axes, input_shape, strict=True))
        named = self._output_axes.replace("...", "")
        named = named if self._output_axes.startswith("...") else named[1:]
        stated = to_list(self.partial_output_shape)
        if len(stated) != len(named):
            raise ValueError(
                f"`output_shape` of {self.name} must have a size for each of {named!r}. Received: {stated}"
            )
        for letter, size in zip(named, stated, strict=True):
            if None not in (size, sizes.get(letter)) and sizes[letter] != size:
                raise ValueError(
                    f"Axis {letter!r} of {self.name} has size {sizes[letter]} in the input and {size} in the output."
                )
            sizes[letter] = sizes.get(letter) if size is None else size
        return sizes

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias.

        Raises:
            ValueError: a size that they have is unknown, or the input does not fit the equation.
        """
        sizes = self._sizes(input_shape)
        _, output_axes = self._spell_out(input_shape)
        biased = self.bias_axes or ""
        unknown = [letter for letter in self._kernel_axes + biased if sizes.get(letter) is None]
        if unknown:
            raise ValueError(
                f"Layer {self.name} of equation {self.equation!r} needs to know the sizes of {unknown}. "
                f"Found input shape {tuple(input_shape)}, output shape {self.partial_output_shape}."
            )
        self.input_spec = InputSpec(ndim=len(input_shape))
        self.kernel = self.add_weight(
            name="kernel",
            shape=[sizes[letter] for letter in self._kernel_axes],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if biased:
            first = min(output_axes.index(letter) for letter in biased)
            self.bias = self.add_weight(
                name="bias",
                shape=[sizes[letter] if letter in biased else 1 for letter in output_axes[first:]],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return `activation(einsum(equation, inputs, kernel) + bias)`."""
        outputs = K.einsum(self.equation, inputs, self.kernel)
        return self.activation(outputs if self.bias is None else outputs + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the sizes of the output's axes."""
        sizes = self._sizes(input_shape)
        return tuple(sizes[letter] for letter in self._spell_out(input_shape)[1])

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {
            **super().get_config(),
            "output_shape": self.partial_output_shape,
            **describe(
                self,
                "equation",
                "activation",
                "bias_axes",
                "kernel_initializer",
                "bias_initializer",
                "kernel_regularizer",
                "bias_regularizer",
                "activity_regularizer",
                "kernel_constraint",
                "bias_constraint",
            ),
        }
