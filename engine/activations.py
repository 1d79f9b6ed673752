"""Activation functions by name (manual, chapter 9)."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.registry import Registry, serialize_object

_registry = Registry("activation function")


@_registry.register()
def softmax(x: Any, axis: int = -1) -> Any:
    """Return the exponentials of `x` divided by their sum along an axis.

    Raises:
        ValueError: `x` has one axis only.
    """
    if K.ndim(x) < 2:
        raise ValueError(f"Cannot apply softmax to a tensor that is 1D. Found shape: {K.int_shape(x)}")
    return K.softmax(x, axis=axis)


@_registry.register()
def elu(x: Any, alpha: float = 1.0) -> Any:
    """Return `x` where positive, else `alpha * (exp(x) - 1)` (Clevert et al. 2015)."""
    return K.elu(x, alpha)


@_registry.register()
def selu(x: Any) -> Any:
    """Return the scaled `elu` that keeps mean and variance from layer to layer (Klambauer et al. 2017)."""
    alpha = 1.6732632423543772848170429916717
    scale = 1.0507009873554804934193349852946
    return scale * K.elu(x, alpha)


@_registry.register()
def softplus(x: Any) -> Any:
    """Return `log(1 + exp(x))`."""
    return K.softplus(x)


@_registry.register()
def softsign(x: Any) -> Any:
    """Return `x / (1 + abs(x))`."""
    return K.softsign(x)


@_registry.register()
def relu(x: Any, alpha: float = 0.0, max_value: float | None = None) -> Any:
    """Return `x` where positive, else `alpha * x`; at most `max_value`."""
    return K.relu(x, alpha=alpha, max_value=max_value)


@_registry.register()
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent."""
    return K.tanh(x)


@_registry.register()
def sigmoid(x: Any) -> Any:
    """Return `1 / (1 + exp(-x))`."""
    return K.sigmoid(x)


@_registry.register()
def hard_sigmoid(x: Any) -> Any:
    """Return `0.2 * x + 0.5` cut to 0 and 1."""
    return K.hard_sigmoid(x)


@_registry.register()
def linear(x: Any) -> Any:
    """Return `x`."""
    return x


# Functions of later lines of Keras, which 2.1.6 lacks and their files name.


@_registry.register()
def exponential(x: Any) -> Any:
    """Return `exp(x)`."""
    return K.exp(x)


@_registry.register()
def gelu(x: Any, approximate: bool = False) -> Any:
    """Return `x` times the share of a normal distribution below it (Hendrycks and Gimpel 2016)."""
    return K.gelu(x, approximate)


@_registry.register("swish")
def silu(x: Any) -> Any:
    """Return `x * sigmoid(x)` (Ramachandran et al. 2017)."""
    return K.silu(x)


@_registry.register("hard_swish")
def hard_silu(x: Any) -> Any:
    """Return `x` times a sigmoid of straight lines (Howard et al. 2019)."""
    return x * hard_sigmoid_relu6(x)


@_registry.register()
def hard_sigmoid_relu6(x: Any) -> Any:
    """Return `x / 6 + 0.5` cut to 0 and 1: what Keras 3 calls `hard_sigmoid`."""
    return K.clip(x / 6.0 + 0.5, 0.0, 1.0)


@_registry.register()
def hard_tanh(x: Any) -> Any:
    """Return `x` cut to -1 and 1."""
    return K.clip(x, -1.0, 1.0)


@_registry.register()
def mish(x: Any) -> Any:
    """Return `x * tanh(softplus(x))` (Misra 2019)."""
    return K.mish(x)


@_registry.register()
def relu6(x: Any) -> Any:
    """Return `x` cut to 0 and 6."""
    return K.relu(x, max_value=6.0)


@_registry.register()
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """Return `x` where positive, else `negative_slope * x`."""
    return K.relu(x, alpha=negative_slope)


@_registry.register()
def celu(x: Any, alpha: float = 1.0) -> Any:
    """Return `x` where positive, else `alpha * (exp(x / alpha) - 1)` (Barron 2017)."""
    return alpha * K.elu(x / alpha)


@_registry.register()
def glu(x: Any, axis: int = -1) -> Any:
    """Return the first half of an axis times the sigmoid of the second (Dauphin et al. 2016)."""
    values, gates = x.chunk(2, axis)
    return values * K.sigmoid(gates)


@_registry.register()
def log_sigmoid(x: Any) -> Any:
    """Return the logarithm of the sigmoid."""
    return -K.softplus(-x)


@_registry.register()
def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return the logarithm of `softmax`."""
    return K.log_softmax(x, axis=axis)


@_registry.register()
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return `x` where it is farther from 0 than `threshold`, else 0."""
    return x * K.cast(K.greater(K.abs(x), threshold), K.dtype(x))


@_registry.register()
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return `x` brought nearer to 0 by `threshold`."""
    return x - K.clip(x, -threshold, threshold)


@_registry.register()
def tanh_shrink(x: Any) -> Any:
    """Return `x - tanh(x)`."""
    return x - K.tanh(x)


@_registry.register()
def squareplus(x: Any, b: float = 4.0) -> Any:
    """Return `(x + sqrt(x ** 2 + b)) / 2` (Barron 2021)."""
    return (x + K.sqrt(K.square(x) + b)) / 2


@_registry.register()
def sparse_plus(x: Any) -> Any:
    """Return 0 up to -1, `x` from 1 on, and a parabola between."""
    inner = K.clip(x, -1.0, 1.0)
    return K.square(inner + 1) / 4 + K.relu(x - 1)


@_registry.register()
def sparse_sigmoid(x: Any) -> Any:
    """Return `(x + 1) / 2` cut to 0 and 1."""
    return K.clip((x + 1) / 2, 0.0, 1.0)


def serialize(activation: Any) -> Any:
    """Return the activation's name."""
    return serialize_object(activation)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the activation of a name.

    Raises:
        ValueError: the name is unknown.
    """
    return _registry.deserialize(name, custom_objects)


def get(identifier: Any) -> Any:
    """Return an activation for a name, a function, or None (`linear`).

    Raises:
        ValueError: it can't be interpreted.
    """
    return linear if identifier is None else _registry.get(identifier)
