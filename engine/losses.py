"""Loss functions (manual, chapter 7).

Each takes targets and predictions of the same shape and returns a loss a sample: the last axis is reduced.
"""

from __future__ import annotations

import math
from typing import Any

from engine import backend as K
from engine.registry import Registry, serialize_object

_registry = Registry("loss function")


@_registry.register("mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of the squared errors."""
    return K.mean(K.square(y_pred - y_true), axis=-1)


@_registry.register("mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of the absolute errors."""
    return K.mean(K.abs(y_pred - y_true), axis=-1)


@_registry.register("mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of the absolute errors in percent of the targets, which count as `epsilon` at least."""
    return 100.0 * K.mean(K.abs((y_true - y_pred) / K.clip(K.abs(y_true), K.epsilon(), None)), axis=-1)


@_registry.register("msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of the squared differences of `log(x + 1)`; values below `epsilon` count as that."""
    predicted = K.log(K.clip(y_pred, K.epsilon(), None) + 1.0)
    wanted = K.log(K.clip(y_true, K.epsilon(), None) + 1.0)
    return K.mean(K.square(predicted - wanted), axis=-1)


@_registry.register()
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of `max(1 - y_true * y_pred, 0)` squared, for targets -1 and 1."""
    return K.mean(K.square(K.maximum(1.0 - y_true * y_pred, 0.0)), axis=-1)


@_registry.register()
def hinge(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of `max(1 - y_true * y_pred, 0)`, for targets -1 and 1."""
    return K.mean(K.maximum(1.0 - y_true * y_pred, 0.0), axis=-1)


@_registry.register()
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return by how much the best wrong class comes within 1 of the right one, for one-hot targets."""
    right = K.sum(y_true * y_pred, axis=-1)
    wrong = K.max((1.0 - y_true) * y_pred, axis=-1)
    return K.maximum(wrong - right + 1.0, 0.0)


@_registry.register()
def logcosh(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of `log(cosh(error))`: squared for small errors, absolute for large ones."""
    error = y_pred - y_true
    # cosh itself would overflow.
    return K.mean(error + K.softplus(-2.0 * error) - math.log(2.0), axis=-1)


@_registry.register()
def categorical_crossentropy(y_true: Any, y_pred: Any) -> Any:
    """Return the cross-entropy of distributions over the last axis."""
    return K.categorical_crossentropy(y_true, y_pred)


@_registry.register()
def sparse_categorical_crossentropy(y_true: Any, y_pred: Any) -> Any:
    """Return the cross-entropy for class numbers: `y_true` has one in the place of each distribution."""
    return K.sparse_categorical_crossentropy(y_true, y_pred)


@_registry.register()
def binary_crossentropy(y_true: Any, y_pred: Any) -> Any:
    """Return the mean cross-entropy of independent yes-or-no predictions."""
    return K.mean(K.binary_crossentropy(y_true, y_pred), axis=-1)


@_registry.register("kld", "KLD")
def kullback_leibler_divergence(y_true: Any, y_pred: Any) -> Any:
    """Return the sum of `y_true * log(y_true / y_pred)`, both kept between `epsilon` and 1."""
    y_true = K.clip(y_true, K.epsilon(), 1)
    y_pred = K.clip(y_pred, K.epsilon(), 1)
    return K.sum(y_true * K.log(y_true / y_pred), axis=-1)


@_registry.register()
def poisson(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of `y_pred - y_true * log(y_pred + epsilon)`."""
    return K.mean(y_pred - y_true * K.log(y_pred + K.epsilon()), axis=-1)


@_registry.register("cosine")
def cosine_proximity(y_true: Any, y_pred: Any) -> Any:
    """Return the negative cosine of the angle between targets and predictions."""
    return -K.sum(K.l2_normalize(y_true, axis=-1) * K.l2_normalize(y_pred, axis=-1), axis=-1)


mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kullback_leibler_divergence
cosine = cosine_proximity


def list_losses() -> dict[str, Any]:
    """Return all built-in losses by name, aliases included."""
    return _registry.objects


def serialize(loss: Any) -> Any:
    """Return a loss's name."""
    return serialize_object(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the loss of a name.

    Raises:
        ValueError: the name is unknown.
    """
    return _registry.deserialize(name, custom_objects)


def get(identifier: Any) -> Any:
    """Return a loss for None (None), a name or a function.

    Raises:
        ValueError: it can't be interpreted.
    """
    return _registry.get(identifier)
