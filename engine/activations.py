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
