"""First values of weights (manual, chapter 15).

An initializer is called with a shape. Where a weight takes its first value it gives that value; elsewhere it
gives a symbolic tensor (`Identity` and `Orthogonal` compute in NumPy and always give an array). Without a
seed, values depend on NumPy's global generator, so `np.random.seed` makes all weights repeatable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import backend as K
from engine.registry import Registry, serialize_object

_registry = Registry("initializer")


class Initializer:
    """Base class of all initializers."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return first values of a shape.

        Raises:
            TypeError: the class doesn't say how.
        """
        raise TypeError(f"{type(self).__name__} must define `__call__(shape, dtype=None)`.")

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make an initializer from its configuration."""
        config = dict(config)
        config.pop("dtype", None)
        return cls(**config)


@_registry.register("zeros", "zero")
class Zeros(Initializer):
    """Zeros everywhere."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return zeros."""
        return K.constant(0, shape=shape, dtype=dtype)


@_registry.register("ones", "one")
class Ones(Initializer):
    """Ones everywhere."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return ones."""
        return K.constant(1, shape=shape, dtype=dtype)


@_registry.register("constant")
class Constant(Initializer):
    """One value everywhere.

    Args:
        value: the value; an array must have as many elements as the weight.
    """

    def __init__(self, value: Any = 0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return the value in the shape."""
        return K.constant(self.value, shape=shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return {"value": self.value}


@_registry.register("random_normal", "normal")
class RandomNormal(Initializer):
    """Draws from a normal distribution.

    Args:
        mean, stddev: mean and standard deviation.
        seed: makes the draws repeatable.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return new draws."""
        return K.random_normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


@_registry.register("random_uniform", "uniform")
class RandomUniform(Initializer):
    """Draws from a uniform distribution.

    Args:
        minval, maxval: bounds.
        seed: makes the draws repeatable.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return new draws."""
        return K.random_uniform(shape, self.minval, self.maxval, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


@_registry.register("truncated_normal")
class TruncatedNormal(RandomNormal):
    """Draws from a normal distribution; what is over two standard deviations from the mean is drawn again.

    Args:
        mean, stddev: mean and standard deviation before truncation.
        seed: makes the draws repeatable.
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return new draws."""
        return K.truncated_normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)


@_registry.register()
class VarianceScaling(Initializer):
    """Draws whose variance is `scale / n`, n a number of units that the weight joins.

    Args:
        scale: a factor, > 0.
        mode: which n: `fan_in` (inputs), `fan_out` (outputs) or `fan_avg` (their mean).
        distribution: `normal` for a truncated normal of standard deviation `sqrt(scale / n)`, not corrected
            for the truncation, or `uniform` within `sqrt(3 * scale / n)` of zero.
        seed: makes the draws repeatable.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "normal", seed: int | None = None
    ) -> None:
        if scale <= 0.0:
            raise ValueError(f"`scale` must be a positive float. Got: {scale!r}")
        if mode.lower() not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(
                f'Invalid `mode` argument: expected "fan_in", "fan_out" or "fan_avg" but got {mode!r}'
            )
        if distribution.lower() not in ("normal", "uniform"):
            raise ValueError(
                f'Invalid `distribution` argument: expected "normal" or "uniform" but got {distribution!r}'
            )
        self.scale = scale
        self.mode = mode.lower()
        self.distribution = distribution.lower()
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return new draws."""
        fan_in, fan_out = compute_fans(shape)
        units = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, units)
        if self.distribution == "normal":
            return K.truncated_normal(shape, 0.0, float(np.sqrt(variance)), dtype=dtype, seed=self.seed)
        limit = float(np.sqrt(3.0 * variance))
        return K.random_uniform(shape, -limit, limit, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": self.seed,
        }


@_registry.register("orthogonal")
class Orthogonal(Initializer):
    """A random matrix with orthogonal rows or columns, whichever are fewer (Saxe et al., arXiv 1312.6120).

    The axes before the last are taken together as rows.

    Args:
        gain: a factor.
        seed: makes the draws repeatable.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain = gain
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return an array."""
        random = np.random if self.seed is None else np.random.RandomState(self.seed)
        flat_shape = (int(np.prod(shape[:-1])), shape[-1])
        left, _, right = np.linalg.svd(random.normal(0.0, 1.0, flat_shape), full_matrices=False)
        return self.gain * (left if left.shape == flat_shape else right).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return {"gain": self.gain, "seed": self.seed}


@_registry.register("identity")
class Identity(Initializer):
    """The identity matrix, for square matrices only.

    Args:
        gain: a factor.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return an array.

        Raises:
            ValueError: the shape is not that of a square matrix.
        """
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError(
                f"Identity matrix initializer can only be used for 2D square matrices. Found shape: {shape}"
            )
        return self.gain * np.identity(shape[0])

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return {"gain": self.gain}


@_registry.register()
def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """Return uniform draws within `sqrt(3 / fan_in)` of zero (LeCun 1998, Efficient Backprop)."""
    return VarianceScaling(scale=1.0, mode="fan_in", distribution="uniform", seed=seed)


@_registry.register()
def glorot_normal(seed: int | None = None) -> VarianceScaling:
    """Return truncated normal draws of deviation `sqrt(2 / (fan_in + fan_out))` (Glorot & Bengio 2010)."""
    return VarianceScaling(scale=1.0, mode="fan_avg", distribution="normal", seed=seed)


@_registry.register()
def glorot_uniform(seed: int | None = None) -> VarianceScaling:
    """Return uniform draws within `sqrt(6 / (fan_in + fan_out))` of zero (Glorot & Bengio 2010)."""
    return VarianceScaling(scale=1.0, mode="fan_avg", distribution="uniform", seed=seed)


@_registry.register()
def he_normal(seed: int | None = None) -> VarianceScaling:
    """Return truncated normal draws of deviation `sqrt(2 / fan_in)` (He et al., arXiv 1502.01852)."""
    return VarianceScaling(scale=2.0, mode="fan_in", distribution="normal", seed=seed)


@_registry.register()
def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """Return truncated normal draws of deviation `sqrt(1 / fan_in)` (Klambauer et al. 2017)."""
    return VarianceScaling(scale=1.0, mode="fan_in", distribution="normal", seed=seed)


@_registry.register()
def he_uniform(seed: int | None = None) -> VarianceScaling:
    """Return uniform draws within `sqrt(6 / fan_in)` of zero (He et al., arXiv 1502.01852)."""
    return VarianceScaling(scale=2.0, mode="fan_in", distribution="uniform", seed=seed)


zero = zeros = Zeros
one = ones = Ones
constant = Constant
uniform = random_uniform = RandomUniform
normal = random_normal = RandomNormal
truncated_normal = TruncatedNormal
identity = Identity
orthogonal = Orthogonal

_FACTORIES = (lecun_uniform, glorot_normal, glorot_uniform, he_normal, lecun_normal, he_uniform)

# Those whose results nobody else holds. A class of one's own may keep what it gave.
_GIVING_NEW_TENSORS = (Zeros, Ones, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling)


def gives_new_tensors(initializer: Any) -> bool:
    """Tell whether each call surely gives a tensor that nobody else holds."""
    return type(initializer) in _GIVING_NEW_TENSORS


def compute_fans(shape: Sequence[int], data_format: str = "channels_last") -> tuple[float, float]:
    """Return how many inputs and outputs a weight of this shape joins.

    Args:
        shape: of a matrix, or of a convolution's kernel with 1 to 3 spatial axes.
        data_format: `channels_last` for kernels (..., in, out), `channels_first` for (out, in, ...).

    Raises:
        ValueError: `data_format` is unknown.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"Invalid data_format: {data_format!r}")
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) not in (3, 4, 5):
        side = float(np.sqrt(np.prod(shape)))
        return side, side
    if data_format == "channels_first":
        field = int(np.prod(shape[2:]))
        return shape[1] * field, shape[0] * field
    field = int(np.prod(shape[:-2]))
    return shape[-2] * field, shape[-1] * field


def serialize(initializer: Any) -> Any:
    """Return an initializer's class name and configuration."""
    return serialize_object(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Make an initializer from what `serialize` gave, or from a name.

    Raises:
        ValueError: the name is unknown.
    """
    made = _registry.deserialize(config, custom_objects)
    # `glorot_uniform` and its like make initializers, so their names stand for what they make.
    return made() if made in _FACTORIES else made


def get(identifier: Any) -> Any:
    """Return an initializer for a name, a configuration, a class, or a function of shape and dtype.

    Raises:
        ValueError: it can't be interpreted.
    """
    if identifier is None:
        raise ValueError("Could not interpret initializer identifier: None")
    return deserialize(identifier) if isinstance(identifier, (str, dict)) else _registry.get(identifier)
