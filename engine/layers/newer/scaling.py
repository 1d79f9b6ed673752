"""Scaling of inputs. Not in Keras 2.1.6: files of later lines name these layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import backend as K
from engine.layers.base import Layer, to_list
from engine.layers.description import describe
from engine.layers.newer.normalization import known_sizes
from engine.layers.registry import register_layer


@register_layer()
class Rescaling(Layer):
    """Return `inputs * scale + offset`.

    Args:
        scale: a factor, or one for each cell of the last axis.
        offset: what is added, likewise.

    Shapes:
        Any; the output has the input's.
    """

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def call(self, inputs: Any) -> Any:
        """Return the scaled inputs."""
        numbers = K.cast(inputs, K.floatx())
        return numbers * _as_constant(self.scale) + _as_constant(self.offset)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "scale", "offset")}


def _as_constant(value: Any) -> Any:
    return K.constant(value) if isinstance(value, (list, tuple, np.ndarray)) else value


@register_layer()
class Normalization(Layer):
    """Shift and scale features by a mean and a variance that are stated, or found by `adapt`.

    Args:
        axis: the axis or axes whose cells have a mean and a variance each; None for one of all.
        mean, variance: stated values; weights of the layer where they are None.
        invert: whether to undo the scaling instead.

    Shapes:
        Any; the output has the input's.

    Raises:
        ValueError: one of mean and variance is stated without the other.
    """

    supports_masking = True

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError(f"State both mean and variance of {self.name}, or neither.")
        self.axis = axis
        self.mean = mean
        self.variance = variance
        self.invert = invert

    def build(self, input_shape: Any) -> None:
        """Make mean, variance and the number of samples they are of, where they are not stated.

        Raises:
            ValueError: the size of an axis is unknown.
        """
        axes = [] if self.axis is None else to_list(self.axis)
        sizes = known_sizes(self, input_shape, axes)
        kept = {axis % len(input_shape): size for axis, size in zip(axes, sizes, strict=True)}
        self._broadcast_shape = [kept.get(axis, 1) for axis in range(len(input_shape))]
        self._reduced = tuple(axis for axis in range(len(input_shape)) if axis not in kept)
        if self.mean is None:
            self.adapted_mean = self.add_weight("mean", sizes, initializer="zeros", trainable=False)
            self.adapted_variance = self.add_weight("variance", sizes, initializer="ones", trainable=False)
            self.count = self.add_weight("count", (), "int64", "zeros", trainable=False)
        self.built = True

    def adapt(self, data: Any) -> None:
        """Take mean and variance from samples; the layer is built for them where it is not yet.

        Args:
            data: an array of samples.

        Raises:
            ValueError: mean and variance are stated.
        """
        if self.mean is not None:
            raise ValueError(f"Layer {self.name} can't be adapted: its mean and variance are stated.")
        data = np.asarray(data)
        if not self.built:
            self.build((None, *data.shape[1:]))
        shape = K.int_shape(self.adapted_mean)
        mean, variance = (moment(axis=self._reduced).reshape(shape) for moment in (data.mean, data.var))
        self.set_weights([mean, variance, np.asarray(len(data))])

    def call(self, inputs: Any) -> Any:
        """Return the features shifted and scaled."""
        stated = self.mean is not None
        mean = self._stated(self.mean) if stated else K.reshape(self.adapted_mean, self._broadcast_shape)
        variance = (
            self._stated(self.variance) if stated else K.reshape(self.adapted_variance, self._broadcast_shape)
        )
        deviation = K.maximum(K.sqrt(variance), K.epsilon())
        numbers = K.cast(inputs, K.floatx())
        return mean + numbers * deviation if self.invert else (numbers - mean) / deviation

    def _stated(self, value: Any) -> Any:
        """Return a stated mean or variance in a shape that broadcasts to the input's."""
        size = int(np.prod(self._broadcast_shape))
        if np.size(value) not in (1, size):
            raise ValueError(f"Layer {self.name} needs {size} means and variances. Found {np.size(value)}.")
        cells = np.asarray(value, K.floatx()).ravel()
        return K.constant(np.resize(cells, self._broadcast_shape))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        plain = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in (("mean", self.mean), ("variance", self.variance))
        }
        return {**super().get_config(), **describe(self, "axis", "invert"), **plain}
