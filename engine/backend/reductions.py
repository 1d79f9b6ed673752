"""Reductions along axes (manual, section 14.5).

Throughout, `axis` is an axis, a list of axes, or None for all of them; `keepdims` keeps what was reduced.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from engine.backend.dtypes import to_torch_dtype
from engine.backend.symbolic import operation

Axis = int | Sequence[int] | None


def _resolve(x: torch.Tensor, axis: Axis) -> tuple[int, ...]:
    """Return the axes to reduce, from 0."""
    if axis is None:
        return tuple(range(x.ndim))
    axes = [axis] if isinstance(axis, int) else axis
    return tuple(number % x.ndim for number in axes)


def _to_float(x: torch.Tensor) -> torch.Tensor:
    return x if x.is_floating_point() or x.is_complex() else x.to(to_torch_dtype(None))


@operation
def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest elements."""
    axes = _resolve(x, axis)
    return torch.amax(x, axes, keepdims) if axes else x


@operation
def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the smallest elements."""
    axes = _resolve(x, axis)
    return torch.amin(x, axes, keepdims) if axes else x


@operation
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the sums of the elements, in their own type."""
    axes = _resolve(x, axis)
    dtype = torch.int64 if x.dtype is torch.bool else x.dtype
    return torch.sum(x, axes, keepdims, dtype=dtype) if axes else x


@operation
def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the products of the elements."""
    for number in sorted(_resolve(x, axis), reverse=True):
        x = torch.prod(x, number, keepdims, dtype=x.dtype)
    return x


@operation
def cumsum(x: Any, axis: int = 0) -> Any:
    """Return the running sums along an axis."""
    return torch.cumsum(x, axis, dtype=x.dtype)


@operation
def cumprod(x: Any, axis: int = 0) -> Any:
    """Return the running products along an axis."""
    return torch.cumprod(x, axis, dtype=x.dtype)


@operation
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the means of the elements; integers and booleans count as `floatx`."""
    x = _to_float(x)
    axes = _resolve(x, axis)
    if not axes:
        return x
    # As torch.mean, bit for bit, but the derivative divides the means' and not one the size of `x`. Halves are
    # summed with more digits, as there.
    total = torch.sum(x, axes, keepdims, dtype=torch.promote_types(x.dtype, torch.float32))
    return (total / math.prod(x.shape[number] for number in axes)).to(x.dtype)


@operation
def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the variances of the elements: the means of the squared distances from the mean."""
    x = _to_float(x)
    axes = _resolve(x, axis)
    return torch.var(x, axes, correction=0, keepdim=keepdims) if axes else torch.zeros_like(x)


@operation
def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the standard deviations of the elements: the square roots of the variances."""
    return torch.sqrt(var(x, axis, keepdims))


@operation
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return `log(sum(exp(x)))` without overflow or underflow."""
    axes = _resolve(x, axis)
    return torch.logsumexp(x, axes, keepdims) if axes else x


@operation
def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Tell whether any element is true."""
    axes = _resolve(x, axis)
    return torch.any(x.bool(), axes, keepdims) if axes else x.bool()


@operation
def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Tell whether all elements are true."""
    axes = _resolve(x, axis)
    return torch.all(x.bool(), axes, keepdims) if axes else x.bool()


@operation
def argmax(x: Any, axis: int = -1) -> Any:
    """Return the index of the largest element along an axis."""
    return torch.argmax(x, axis)


@operation
def argmin(x: Any, axis: int = -1) -> Any:
    """Return the index of the smallest element along an axis."""
    return torch.argmin(x, axis)
