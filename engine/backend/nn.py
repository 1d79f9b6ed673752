"""Activations, bias, dropout and what ranks predictions (manual, section 14.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from engine.backend.config import normalize_data_format
from engine.backend.opaque import opaque
from engine.backend.random import make_generator
from engine.backend.shaping import to_sizes
from engine.backend.symbolic import operation, source


@operation
def relu(x: Any, alpha: Any = 0.0, max_value: Any = None) -> Any:
    """Return the rectified linear unit: `max(x, 0)`.

    Args:
        x: a tensor.
        alpha: slope of the negative part.
        max_value: upper bound; None for none.
    """
    if isinstance(alpha, torch.Tensor) or isinstance(max_value, torch.Tensor):
        positive = torch.relu(x) if max_value is None else torch.minimum(torch.relu(x), max_value)
        return positive - alpha * torch.relu(-x)
    if not alpha:
        return torch.relu(x) if max_value is None else functional.hardtanh(x, 0.0, max_value)
    # At 0, where images have many elements, TensorFlow's derivative is 0 and that of torch's leaky_relu is
    # `alpha`: hardshrink stops it there and changes nothing else.
    leaky = functional.leaky_relu(functional.hardshrink(x, 0.0), alpha)
    return leaky if max_value is None else torch.clamp(leaky, max=max_value)


@operation
def elu(x: Any, alpha: Any = 1.0) -> Any:
    """Return the exponential linear unit: `x` where it is positive, else `alpha * (exp(x) - 1)`."""
    if isinstance(alpha, torch.Tensor):
        return torch.where(x > 0, x, alpha * torch.expm1(torch.clamp(x, max=0)))
    return functional.elu(x, alpha)


@operation
def softmax(x: Any, axis: int = -1) -> Any:
    """Return `exp(x)` divided by its sum along an axis."""
    return torch.softmax(x, axis)


@operation
def softplus(x: Any) -> Any:
    """Return `log(exp(x) + 1)`."""
    return functional.softplus(x)


@operation
def softsign(x: Any) -> Any:
    """Return `x / (abs(x) + 1)`."""
    return functional.softsign(x)


@operation
def sigmoid(x: Any) -> Any:
    """Return `1 / (1 + exp(-x))`."""
    return torch.sigmoid(x)


@operation
def hard_sigmoid(x: Any) -> Any:
    """Return `0.2 * x + 0.5` within 0 and 1."""
    return functional.hardtanh(x * 0.2 + 0.5, 0.0, 1.0)


@operation
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangents of the elements."""
    return torch.tanh(x)


@operation
def gelu(x: Any, approximate: bool = False) -> Any:
    """Return `x` times the share of a normal distribution below it, by a formula of `tanh` if `approximate`."""
    return functional.gelu(x, approximate="tanh" if approximate else "none")


@operation
def silu(x: Any) -> Any:
    """Return `x * sigmoid(x)`."""
    return functional.silu(x)


@operation
def mish(x: Any) -> Any:
    """Return `x * tanh(softplus(x))`."""
    return functional.mish(x)


@operation
def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return the logarithm of `softmax`."""
    return torch.log_softmax(x, axis)


@operation
def l2_normalize(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Return the tensor divided by its L2 norm along an axis, or along all for None."""
    axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    total = torch.sum(torch.square(x), tuple(axes), keepdim=True)
    return x * torch.rsqrt(torch.clamp(total, min=1e-12))


@operation
def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """Add a bias to each sample.

    Args:
        x: a tensor.
        bias: of one axis (channels), or with all axes of a sample, channels last.
        data_format: `channels_last` or `channels_first`; where the channels of `x` are.

    Raises:
        ValueError: `data_format` is unknown, or `bias` has another number of axes.
    """
    data_format = normalize_data_format(data_format)
    if bias.ndim not in (1, x.ndim - 1):
        raise ValueError(
            f"Unexpected bias dimensions {bias.ndim}: expected 1 or {x.ndim - 1} for a tensor of {x.ndim}."
        )
    if data_format == "channels_last" or x.ndim == 2:
        return x + bias
    if bias.ndim == 1:
        return x + bias.reshape(-1, *[1] * (x.ndim - 2))
    return x + bias.reshape(bias.shape[-1], *bias.shape[:-1])


@source
def _drop(x: Any, level: float, noise_shape: Any, generator: torch.Generator | None) -> Any:
    sizes = x.shape if noise_shape is None else to_sizes(noise_shape)
    sizes = [have if size == -1 else size for size, have in zip(sizes, x.shape, strict=True)]
    if x.device.type == "cpu":
        return x * _draw_mask(sizes, level, x.dtype, generator)
    if noise_shape is None and generator is None:
        return functional.dropout(x, level, training=True)
    kept = torch.full(sizes, 1.0 - level, dtype=x.dtype, device=x.device)
    return x * (
        torch.bernoulli(kept, generator=generator if x.device.type != "meta" else None) / (1.0 - level)
    )


# Elements whose share of the random bits, a number of `int16`, is below the level are dropped.
_LEVELS = 2**16


def _shape_mask(sizes: Sequence[int], level: float, dtype: torch.dtype, generator: Any) -> torch.Tensor:
    return torch.empty(sizes, dtype=dtype, device="meta")


@opaque(
    "draw_mask",
    "(SymInt[] sizes, float level, ScalarType dtype, Generator? generator) -> Tensor",
    _shape_mask,
)
def _draw_mask(
    sizes: Sequence[int], level: float, dtype: torch.dtype, generator: torch.Generator | None
) -> torch.Tensor:
    """Return a mask of zeros and `1 / (1 - level)` from 16 random bits an element.

    It takes a tenth of the time of torch's own, which draws a number with 24 bits for each. The level counts to
    a 65,536th.
    """
    count = math.prod(sizes)
    words = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None, generator=generator)
    bits = words.view(torch.int16)[:count].view(list(sizes))
    mask = torch.empty(list(sizes), dtype=dtype)
    torch.ge(bits, min(round(level * _LEVELS), _LEVELS - 1) - _LEVELS // 2, out=mask)
    return mask.mul_(1.0 / (1.0 - level))


def dropout(x: Any, level: float, noise_shape: Any = None, seed: int | None = None) -> Any:
    """Set random elements to zero and scale the others by `1 / (1 - level)`.

    Args:
        x: a tensor.
        level: the share of elements to drop, from 0 up to and without 1.
        noise_shape: shape of the random choice, broadcast to that of `x`; None entries are taken from `x`.
        seed: makes the sequence of choices repeatable.

    Raises:
        ValueError: `level` is out of range.
    """
    if not 0.0 <= level < 1.0:
        raise ValueError(f"Dropout level must be at least 0 and below 1. Found: {level!r}")
    return _drop(x, level, noise_shape, make_generator(seed))


@operation
def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Tell whether the target is among the `k` largest predictions; ties with the k-th are among them.

    A target out of range and a sample with predictions that are not finite give False.

    Shapes:
        (batch, classes), (batch,) -> (batch,).
    """
    targets = targets.long()
    known = (targets >= 0) & (targets < predictions.shape[1])
    chosen = predictions.gather(1, targets.clamp(0, predictions.shape[1] - 1).unsqueeze(1))
    better = (predictions > chosen).sum(1)
    return known & (better < k) & torch.isfinite(predictions).all(1)
