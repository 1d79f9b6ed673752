"""Activations with parameters (manual, section 5.9)."""

from __future__ import annotations

from typing import Any

from engine import activations, constraints, initializers, regularizers
from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.sizes import check_axis


@register_layer()
class LeakyReLU(Layer):
    """`x` where it is positive, `alpha * x` elsewhere.

    Args:
        alpha: slope of the negative part.

    Shapes:
        Any; the output has the input's.

    Source: Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013).
    """

    supports_masking = True

    def __init__(self, alpha: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = float(K.cast_to_floatx(alpha))

    def call(self, inputs: Any) -> Any:
        """Return the activation of the inputs."""
        return K.relu(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "alpha")}


@register_layer()
class PReLU(Layer):
    """`x` where it is positive, `alpha * x` elsewhere, with a learned `alpha` an element.

    Args:
        alpha_initializer: first values of `alpha`.
        alpha_regularizer: penalty on `alpha`.
        alpha_constraint: applied to `alpha` after each step.
        shared_axes: axes along which one `alpha` serves all elements, such as `[1, 2]` for images.

    Shapes:
        Any; the output has the input's.

    Source: He et al., Delving Deep into Rectifiers (2015).
    """

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = (
            list(shared_axes) if isinstance(shared_axes, (list, tuple)) else shared_axes and [shared_axes]
        )

    def build(self, input_shape: Any) -> None:
        """Make `alpha`.

        Raises:
            ValueError: a size along an axis that is not shared is unknown.
        """
        sizes = list(input_shape[1:])
        for axis in self.shared_axes or ():
            check_axis(axis, len(input_shape), self.name)
            sizes[axis - 1] = 1
        if None in sizes:
            raise ValueError(
                f"PReLU ({self.name}) needs the sizes of the axes that it does not share; the input's shape "
                f"is {input_shape}. Name the unknown axes in `shared_axes`."
            )
        self.alpha = self.add_weight(
            "alpha", sizes, None, self.alpha_initializer, self.alpha_regularizer, True, self.alpha_constraint
        )
        axes = {
            axis: size
            for axis, size in enumerate(input_shape)
            if axis and axis not in (self.shared_axes or ())
        }
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the activation of the inputs."""
        return K.relu(inputs) - self.alpha * K.relu(-inputs)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        names = ("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes")
        return {**super().get_config(), **describe(self, *names)}


@register_layer()
class ELU(Layer):
    """`x` where it is positive, `alpha * (exp(x) - 1)` elsewhere.

    Args:
        alpha: scale of the negative part.

    Shapes:
        Any; the output has the input's.

    Source: Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units (2015).
    """

    supports_masking = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = float(K.cast_to_floatx(alpha))

    def call(self, inputs: Any) -> Any:
        """Return the activation of the inputs."""
        return K.elu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "alpha")}


@register_layer()
class ThresholdedReLU(Layer):
    """`x` where it is greater than `theta`, 0 elsewhere.

    Args:
        theta: the threshold.

    Shapes:
        Any; the output has the input's.

    Source: Konda et al., Zero-Bias Autoencoders and the Benefits of Co-Adapting Features (2014).
    """

    supports_masking = True

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theta = float(K.cast_to_floatx(theta))

    def call(self, inputs: Any) -> Any:
        """Return the activation of the inputs."""
        return inputs * K.cast(K.greater(inputs, self.theta), K.dtype(inputs))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "theta")}


@register_layer()
class Softmax(Layer):
    """Make probabilities along an axis.

    Args:
        axis: the axis along which they sum to 1.

    Shapes:
        Any; the output has the input's.
    """

    supports_masking = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        """Return the probabilities."""
        check_axis(self.axis, K.ndim(inputs), self.name)
        return activations.softmax(inputs, axis=self.axis)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "axis")}
