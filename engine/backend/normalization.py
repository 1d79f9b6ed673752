"""Batch normalisation (manual, section 14.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from engine.backend.symbolic import operation

# The smallest that the fused kernel takes.
_FUSED_EPSILON = 1.001e-5


def _normalize(x: Any, mean: Any, variance: Any, beta: Any, gamma: Any, epsilon: float) -> torch.Tensor:
    scale = torch.rsqrt(variance + epsilon)
    if gamma is not None:
        scale = scale * gamma
    shift = -mean * scale if beta is None else beta - mean * scale
    return torch.addcmul(shift, x, scale)


@operation
def batch_normalization(x: Any, mean: Any, var: Any, beta: Any, gamma: Any, epsilon: float = 1e-3) -> Any:
    """Return `(x - mean) / sqrt(var + epsilon) * gamma + beta`.

    Args:
        x: a tensor.
        mean, var: mean and variance, of shapes that broadcast to that of `x`.
        beta, gamma: shift and scale, likewise; None for none.
        epsilon: added to the variance.
    """
    return _normalize(x, mean, var, beta, gamma, epsilon)


@operation
def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Sequence[int], epsilon: float = 1e-3
) -> Any:
    """Normalise a batch by its own mean and variance.

    Args:
        x: a tensor.
        gamma, beta: scale and shift; None for none.
        reduction_axes: the axes to take mean and variance over.
        epsilon: added to the variance.

    Returns:
        The normalised tensor, the mean and the variance. The last two carry no derivative where one axis is
        left, as with TensorFlow's fused kernel: they are meant for moving averages. For images with the
        channels last the variance is the unbiased one, which that kernel gives.
    """
    reduced = {axis % x.ndim for axis in reduction_axes}
    left = [axis for axis in range(x.ndim) if axis not in reduced]
    if list(reduction_axes) == [0, 1, 2] and x.ndim == 4:
        return _normalize_images(x, gamma, beta, epsilon)
    if len(left) == 1 and x.ndim > 1:
        return _normalize_fused(x, gamma, beta, left[0], epsilon)
    variance, mean = torch.var_mean(x, sorted(reduced), correction=0, keepdim=True)
    shape = mean.shape
    gamma, beta = (None if weight is None else weight.reshape(shape) for weight in (gamma, beta))
    result = _normalize(x, mean, variance, beta, gamma, epsilon)
    kept = [x.shape[axis] for axis in left]
    return result, mean.reshape(kept), variance.reshape(kept)


def _normalize_fused(x: Any, gamma: Any, beta: Any, axis: int, epsilon: float) -> Any:
    """Normalise by torch's own kernel, which wants the channels at axis 1."""
    moved = x.movedim(axis, 1)
    result, mean, inverse_deviation = torch.native_batch_norm(
        moved, gamma, beta, None, None, True, 0.0, epsilon
    )
    variance = inverse_deviation.pow(-2) - epsilon
    return result.movedim(1, axis), mean, variance


def _normalize_images(x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    """Normalise as TensorFlow's fused kernel does, which Keras uses for images with the channels last."""
    result, mean, variance = _normalize_fused(x, gamma, beta, 3, max(epsilon, _FUSED_EPSILON))
    count = x.shape[0] * x.shape[1] * x.shape[2]
    return result, mean, variance * (count / max(count - 1, 1))
