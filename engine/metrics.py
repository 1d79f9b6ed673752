"""Metrics (manual, chapter 8): functions of targets and predictions that are reported and not trained on.

Every loss is a metric too.
"""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.losses import (
    MAE,
    MAPE,
    MSE,
    MSLE,
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    cosine,
    cosine_proximity,
    hinge,
    kullback_leibler_divergence,
    list_losses,
    logcosh,
    mae,
    mape,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    mse,
    msle,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from engine.registry import Registry, serialize_object

__all__ = [
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "binary_accuracy",
    "binary_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_hinge",
    "cosine",
    "cosine_proximity",
    "deserialize",
    "get",
    "hinge",
    "kullback_leibler_divergence",
    "logcosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]

_registry = Registry("metric function")
_registry.alias(**list_losses())


@_registry.register()
def binary_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return the share of predictions that, rounded, equal their targets."""
    return K.mean(K.equal(y_true, K.round(y_pred)), axis=-1)


@_registry.register()
def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where the largest prediction is at the place of the largest target, else 0."""
    return K.cast(K.equal(K.argmax(y_true, axis=-1), K.argmax(y_pred, axis=-1)), K.floatx())


@_registry.register()
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where the largest prediction is that of the class whose number `y_true` holds, else 0."""
    predicted = K.cast(K.argmax(y_pred, axis=-1), K.floatx())
    return K.cast(K.equal(K.max(y_true, axis=-1), predicted), K.floatx())


@_registry.register()
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return the share of samples whose right class is among the `k` largest predictions."""
    return K.mean(K.in_top_k(y_pred, K.argmax(y_true, axis=-1), k), axis=-1)


@_registry.register()
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return the same as `top_k_categorical_accuracy` for class numbers."""
    return K.mean(K.in_top_k(y_pred, K.cast(K.max(y_true, axis=-1), "int32"), k), axis=-1)


def serialize(metric: Any) -> Any:
    """Return a metric's name."""
    return serialize_object(metric)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the metric of a name.

    Raises:
        ValueError: the name is unknown.
    """
    return _registry.deserialize(config, custom_objects)


def get(identifier: Any) -> Any:
    """Return a metric for a name or a function.

    Raises:
        ValueError: it can't be interpreted.
    """
    if identifier is None:
        raise ValueError("Could not interpret metric function identifier: None")
    return _registry.get(identifier)
