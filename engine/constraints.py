"""Constraints that weights keep after each step (manual, chapter 17)."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.legacy.class_spellings import accept_legacy_constructor
from engine.registry import Registry, serialize_object

_registry = Registry("constraint")


class Constraint:
    """A function from a weight's new value to the value it takes."""

    def __call__(self, w: Any) -> Any:
        """Return the constrained weight."""
        return w

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        return {}


def _norms(w: Any, axis: Any) -> Any:
    return K.sqrt(K.sum(K.square(w), axis=axis, keepdims=True))


@_registry.register("max_norm", "maxnorm")
@accept_legacy_constructor
class MaxNorm(Constraint):
    """Keep the norm of each unit's incoming weights at most `max_value`.

    Args:
        max_value: the largest norm.
        axis: axes along which norms are taken: 0 for `Dense`, [0, 1, 2] for `Conv2D` in channels_last.
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the constrained weight."""
        norms = _norms(w, self.axis)
        return w * (K.clip(norms, 0, self.max_value) / (K.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        return {"max_value": self.max_value, "axis": self.axis}


@_registry.register("non_neg", "nonneg")
class NonNeg(Constraint):
    """Keep weights from being negative."""

    def __call__(self, w: Any) -> Any:
        """Return the constrained weight."""
        return w * K.cast(K.greater_equal(w, 0.0), K.floatx())


@_registry.register("unit_norm", "unitnorm")
class UnitNorm(Constraint):
    """Keep the norm of each unit's incoming weights at one.

    Args:
        axis: axes along which norms are taken.
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the constrained weight."""
        return w / (K.epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        return {"axis": self.axis}


@_registry.register("min_max_norm")
class MinMaxNorm(Constraint):
    """Keep the norm of each unit's incoming weights between two bounds.

    Args:
        min_value: the smallest norm.
        max_value: the largest norm.
        rate: how much of the way to the bounds is gone at each step, from 0 to 1.
        axis: axes along which norms are taken.
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the constrained weight."""
        norms = _norms(w, self.axis)
        wanted = self.rate * K.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (K.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


max_norm = maxnorm = MaxNorm
non_neg = nonneg = NonNeg
unit_norm = unitnorm = UnitNorm
min_max_norm = MinMaxNorm


def serialize(constraint: Any) -> Any:
    """Return a constraint's class name and configuration."""
    return serialize_object(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Make a constraint from what `serialize` gave.

    Raises:
        ValueError: the class is unknown.
    """
    return _registry.deserialize(config, custom_objects)


def get(identifier: Any) -> Any:
    """Return a constraint for None, a name, a configuration or the object itself.

    Raises:
        ValueError: it can't be interpreted.
    """
    return _registry.get(identifier)
