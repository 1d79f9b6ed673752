"""Normalisation of batches (manual, section 14.5), of layers and of groups of channels."""

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
    x: Any,
    gamma: Any,
    beta: Any,
    reduction_axes: Sequence[int],
    epsilon: float = 1e-3,
    rectify: bool = False,
) -> Any:
    """Normalise a batch by its own mean and variance.

    Args:
        x: a tensor.
        gamma, beta: scale and shift; None for none.
        reduction_axes: the axes to take mean and variance over.
        epsilon: added to the variance.
        rectify: whether to return relu of the normalised tensor, in the same memory.

    Returns:
        The normalised tensor, the mean and the variance. The last two carry no derivative where one axis is
        left, as with TensorFlow's fused kernel: they are meant for moving averages. For images with the
        channels last the variance is the unbiased one, which that kernel gives.
    """
    reduced = {axis % x.ndim for axis in reduction_axes}
    left = [axis for axis in range(x.ndim) if axis not in reduced]
    if list(reduction_axes) == [0, 1, 2] and x.ndim == 4:
        return _normalize_images(x, gamma, beta, epsilon, rectify)
    if len(left) == 1 and x.ndim > 1:
        return _normalize_fused(x, gamma, beta, left[0], epsilon, rectify)
    variance, mean = torch.var_mean(x, sorted(reduced), correction=0, keepdim=True)
    shape = mean.shape
    gamma, beta = (None if weight is None else weight.reshape(shape) for weight in (gamma, beta))
    result = _normalize(x, mean, variance, beta, gamma, epsilon)
    kept = [x.shape[axis] for axis in left]
    result = torch.relu_(result) if rectify else result
    return result, mean.reshape(kept), variance.reshape(kept)


def _normalize_fused(x: Any, gamma: Any, beta: Any, axis: int, epsilon: float, rectify: bool) -> Any:
    """Normalise by torch's own kernel, which wants the channels at axis 1."""
    moved = x.movedim(axis, 1)
    result, mean, inverse_deviation = torch.native_batch_norm(
        moved, gamma, beta, None, None, True, 0.0, epsilon
    )
    variance = inverse_deviation.pow(-2) - epsilon
    result = torch.relu_(result) if rectify else result
    return result.movedim(1, axis), mean, variance


def _normalize_images(x: Any, gamma: Any, beta: Any, epsilon: float, rectify: bool) -> Any:
    """Normalise as TensorFlow's fused kernel does, which Keras uses for images with the channels last."""
    result, mean, variance = _normalize_fused(x, gamma, beta, 3, max(epsilon, _FUSED_EPSILON), rectify)
    count = x.shape[0] * x.shape[1] * x.shape[2]
    return result, mean, variance * (count / max(count - 1, 1))


def _spread_weight(weight: Any, axes: Sequence[int], rank: int, sizes: Sequence[int]) -> Any:
    """Return a weight over `axes` in a shape that broadcasts to all `rank` axes."""
    return None if weight is None else weight.reshape([sizes[i] if i in axes else 1 for i in range(rank)])


@operation
def layer_normalization(x: Any, gamma: Any, beta: Any, axes: Sequence[int], epsilon: float = 1e-3) -> Any:
    """Normalise each sample by mean and variance over `axes`, then scale and shift it.

    Args:
        x: a tensor.
        gamma, beta: scale and shift, of the sizes of `axes`; None for none.
        axes: the axes to take mean and variance over.
        epsilon: added to the variance.

    Source: Ba et al., Layer Normalization (2016).
    """
    axes = sorted(axis % x.ndim for axis in axes)
    sizes = [x.shape[axis] for axis in axes]
    if axes == list(range(x.ndim - len(axes), x.ndim)):
        return torch.layer_norm(x, sizes, gamma, beta, epsilon)
    variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    gamma, beta = (_spread_weight(weight, axes, x.ndim, x.shape) for weight in (gamma, beta))
    return _normalize(x, mean, variance, beta, gamma, epsilon)


@operation
def group_normalization(
    x: Any, gamma: Any, beta: Any, groups: int, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """Normalise each group of channels of each sample by its own mean and variance.

    Args:
        x: a tensor.
        gamma, beta: scale and shift of each channel; None for none.
        groups: number of groups, which divides the number of channels.
        axis: the axis of the channels.
        epsilon: added to the variance.

    Source: Wu and He, Group Normalization (2018).
    """
    moved = x.movedim(axis, 1)
    grouped = moved.reshape(x.shape[0], groups, -1)
    normalized = torch.layer_norm(grouped, grouped.shape[2:], None, None, epsilon)
    result = normalized.reshape(moved.shape).movedim(1, axis)
    gamma, beta = (_spread_weight(weight, [axis % x.ndim], x.ndim, x.shape) for weight in (gamma, beta))
    result = result if gamma is None else result * gamma
    return result if beta is None else result + beta


@operation
def rms_normalization(x: Any, scale: Any, axes: Sequence[int], epsilon: float = 1e-6) -> Any:
    """Divide each sample by the root of its mean square over `axes`, then scale it.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019).
    """
    axes = sorted(axis % x.ndim for axis in axes)
    mean_square = torch.mean(torch.square(x), axes, keepdim=True)
    return x * torch.rsqrt(mean_square + epsilon) * _spread_weight(scale, axes, x.ndim, x.shape)
