"""Penalties on weights and outputs (manual, chapter 16)."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.registry import Registry, serialize_object

_registry = Registry("regularizer")


class Regularizer:
    """A function of a tensor whose result is added to the loss."""

    def __call__(self, x: Any) -> Any:
        """Return the penalty."""
        return 0.0

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a regularizer from its configuration."""
        return cls(**config)


@_registry.register("WeightRegularizer", "ActivityRegularizer", "L1L2Regularizer")
class L1L2(Regularizer):
    """Sum of absolute values and sum of squares.

    Args:
        l1: factor of the absolute values.
        l2: factor of the squares.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = K.cast_to_floatx(l1)
        self.l2 = K.cast_to_floatx(l2)

    def __call__(self, x: Any) -> Any:
        """Return the penalty."""
        penalty: Any = 0.0
        if self.l1:
            penalty += K.sum(float(self.l1) * K.abs(x))
        if self.l2:
            penalty += K.sum(float(self.l2) * K.square(x))
        return penalty

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return {"l1": float(self.l1), "l2": float(self.l2)}


@_registry.register("activity_l1")
def l1(l: float = 0.01) -> L1L2:  # noqa: E741 - Keras's name
    """Return a penalty on the sum of absolute values."""
    return L1L2(l1=l)


@_registry.register("activity_l2")
def l2(l: float = 0.01) -> L1L2:  # noqa: E741 - Keras's name
    """Return a penalty on the sum of squares."""
    return L1L2(l2=l)


@_registry.register("l1l2", "activity_l1l2")
def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """Return a penalty on both sums."""
    return L1L2(l1=l1, l2=l2)


# Keras 1's names.
WeightRegularizer = ActivityRegularizer = L1L2Regularizer = L1L2
l1l2 = l1_l2
activity_l1, activity_l2, activity_l1l2 = l1, l2, l1_l2


@_registry.register()
class OrthogonalRegularizer(Regularizer):
    """Mean of the cosines between rows, or columns, of a matrix; of later lines of Keras.

    Args:
        factor: factor of the mean.
        mode: `rows` or `columns`.

    Raises:
        ValueError: the mode is unknown.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(f"`mode` of an OrthogonalRegularizer must be rows or columns. Found: {mode!r}")
        self.factor = K.cast_to_floatx(factor)
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """Return the penalty.

        Raises:
            ValueError: the weight is no matrix.
        """
        if K.ndim(x) != 2:
            raise ValueError(f"An OrthogonalRegularizer takes matrices. Found shape: {K.int_shape(x)}")
        unit = K.l2_normalize(x if self.mode == "rows" else K.transpose(x), axis=1)
        count: Any = K.int_shape(unit)[0]
        cosines = K.dot(unit, K.transpose(unit)) * (1.0 - K.eye(count))
        return float(self.factor) * K.sum(K.abs(cosines)) / (count * (count - 1))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        return {"factor": float(self.factor), "mode": self.mode}


def serialize(regularizer: Any) -> Any:
    """Return a regularizer's class name and configuration."""
    return serialize_object(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Make a regularizer from what `serialize` gave.

    Raises:
        ValueError: the class is unknown.
    """
    made = _registry.deserialize(config, custom_objects)
    # `l1`, `l2` and `l1_l2` make regularizers, so their names stand for what they make.
    return made() if made in (l1, l2, l1_l2) else made


def get(identifier: Any) -> Any:
    """Return a regularizer for None, a name, a configuration or the object itself.

    Raises:
        ValueError: it can't be interpreted.
    """
    return deserialize(identifier) if isinstance(identifier, (str, dict)) else _registry.get(identifier)
