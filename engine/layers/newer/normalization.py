"""Normalisation of single samples. Not in Keras 2.1.6: files of later lines name these layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine import constraints, initializers, regularizers
from engine.layers.base import InputSpec, Layer, to_list
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.sizes import check_axis, check_size


def known_sizes(layer: Layer, input_shape: Any, axes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes of axes, and let the layer take no others from now on.

    Raises:
        ValueError: an axis is missing or its size unknown.
    """
    for axis in axes:
        check_axis(axis, len(input_shape), layer.name)
    sizes = tuple(input_shape[axis] for axis in axes)
    if None in sizes:
        raise ValueError(
            f"Layer {layer.name} needs to know the sizes of axes {list(axes)} of its input. Found shape: "
            f"{tuple(input_shape)}"
        )
    layer.input_spec = InputSpec(ndim=len(input_shape), axes=dict(zip(axes, sizes, strict=True)))
    return sizes


class ScaledNormalization(Layer):
    """What is normalised and then scaled and shifted.

    Args:
        axis: the axis or axes whose cells have weights of their own.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether the result is multiplied by `gamma`.
        beta_initializer, gamma_initializer: first values of the weights.
        beta_regularizer, gamma_regularizer: penalties on the weights.
        beta_constraint, gamma_constraint: applied to the weights after each step.
    """

    supports_masking = True

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape: Any) -> None:
        """Make the weights.

        Raises:
            ValueError: the size of an axis is unknown.
        """
        shape = known_sizes(self, input_shape, to_list(self.axis))
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                "gamma",
                shape,
                None,
                self.gamma_initializer,
                self.gamma_regularizer,
                True,
                self.gamma_constraint,
            )
        if self.center:
            self.beta = self.add_weight(
                "beta", shape, None, self.beta_initializer, self.beta_regularizer, True, self.beta_constraint
            )
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {
            **super().get_config(),
            **describe(
                self,
                "axis",
                "epsilon",
                "center",
                "scale",
                "beta_initializer",
                "gamma_initializer",
                "beta_regularizer",
                "gamma_regularizer",
                "beta_constraint",
                "gamma_constraint",
            ),
        }


@register_layer()
class LayerNormalization(ScaledNormalization):
    """Bring each sample to mean 0 and variance 1 along axes, then scale and shift it.

    Args:
        axis: the axis or axes over which mean and variance are taken.
        epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
        beta_constraint, gamma_constraint: as for `BatchNormalization`.

    Shapes:
        Any; the output has the input's.

    Source: Ba et al., Layer Normalization (2016).
    """

    def call(self, inputs: Any) -> Any:
        """Return the inputs normalised."""
        return K.layer_normalization(inputs, self.gamma, self.beta, to_list(self.axis), self.epsilon)


@register_layer()
class GroupNormalization(ScaledNormalization):
    """Bring each group of channels of each sample to mean 0 and variance 1, then scale and shift them.

    Args:
        groups: number of groups, which divides the number of channels; -1 for one a channel.
        axis: the axis of the channels.
        kwargs: as for `LayerNormalization`.

    Shapes:
        Any; the output has the input's.

    Source: Wu and He, Group Normalization (2018).
    """

    def __init__(self, groups: int = 32, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(axis=axis, **kwargs)
        self.groups = groups if groups == -1 else check_size(groups, "groups")

    def build(self, input_shape: Any) -> None:
        """Make the weights.

        Raises:
            ValueError: the number of channels is unknown or not divided by that of groups.
        """
        super().build(input_shape)
        channels = input_shape[self.axis]
        self.groups = channels if self.groups == -1 else self.groups
        if channels % self.groups:
            raise ValueError(
                f"Layer {self.name} can't split {channels} channels into {self.groups} groups of one size."
            )

    def call(self, inputs: Any) -> Any:
        """Return the inputs normalised."""
        return K.group_normalization(inputs, self.gamma, self.beta, self.groups, self.axis, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "groups")}


@register_layer()
class RMSNormalization(Layer):
    """Divide each sample by the root of its mean square along axes, then scale it.

    Args:
        axis: the axis or axes over which the mean is taken.
        epsilon: added to the mean square.

    Shapes:
        Any; the output has the input's.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019).
    """

    supports_masking = True

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Make the scale.

        Raises:
            ValueError: the size of an axis is unknown.
        """
        shape = known_sizes(self, input_shape, to_list(self.axis))
        self.scale = self.add_weight("scale", shape, initializer="ones")
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the inputs normalised."""
        return K.rms_normalization(inputs, self.scale, to_list(self.axis), self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "axis", "epsilon")}


@register_layer()
class UnitNormalization(Layer):
    """Divide each sample by its L2 norm along axes.

    Args:
        axis: the axis or axes over which the norm is taken.

    Shapes:
        Any; the output has the input's.
    """

    supports_masking = True

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        """Return the inputs divided by their norms."""
        return K.l2_normalize(inputs, to_list(self.axis))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "axis")}
