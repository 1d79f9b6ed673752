"""Elementwise mathematics (manual, section 14.5)."""

from __future__ import annotations

from typing import Any

import torch

from engine.backend.symbolic import operation


@operation
def square(x: Any) -> Any:
    """Return the squares of the elements."""
    return torch.square(x)


@operation
def abs(x: Any) -> Any:
    """Return the absolute values of the elements."""
    return torch.abs(x)


@operation
def sqrt(x: Any) -> Any:
    """Return the square roots of the elements; negative elements count as 0."""
    return torch.sqrt(torch.clamp(x, min=0))


@operation
def exp(x: Any) -> Any:
    """Return e to the power of the elements."""
    return torch.exp(x)


@operation
def log(x: Any) -> Any:
    """Return the natural logarithms of the elements."""
    return torch.log(x)


@operation
def round(x: Any) -> Any:
    """Return the elements rounded to whole numbers, halves to the even one."""
    return torch.round(x)


@operation
def sign(x: Any) -> Any:
    """Return -1, 0 or 1 by the sign of the elements."""
    return torch.sign(x)


@operation
def pow(x: Any, a: Any) -> Any:
    """Return the elements of `x` to the power of `a`."""
    return x**a


@operation
def sin(x: Any) -> Any:
    """Return the sines of the elements."""
    return torch.sin(x)


@operation
def cos(x: Any) -> Any:
    """Return the cosines of the elements."""
    return torch.cos(x)


@operation
def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """Return the elements moved into the range from `min_value` to `max_value`.

    Args:
        x: a tensor.
        min_value: lower bound.
        max_value: upper bound; None for none. Where it is below `min_value` the latter holds.
    """
    if isinstance(min_value, torch.Tensor) or isinstance(max_value, torch.Tensor):
        x = x if max_value is None else minimum(x, max_value)
        return x if min_value is None else maximum(x, min_value)
    if min_value is None and max_value is None:
        return x
    if min_value is not None and max_value is not None and max_value < min_value:
        max_value = min_value
    return torch.clamp(x, min_value, max_value)


# Where two elements are equal the derivative goes to the first alone, as in TensorFlow; torch's own `maximum`
# and `minimum` would halve it.


@operation
def maximum(x: Any, y: Any) -> Any:
    """Return the larger of each two elements."""
    if not isinstance(y, torch.Tensor):
        return torch.clamp(x, min=y)
    return torch.where(x < y, y, x)


@operation
def minimum(x: Any, y: Any) -> Any:
    """Return the smaller of each two elements."""
    if not isinstance(y, torch.Tensor):
        return torch.clamp(x, max=y)
    return torch.where(x > y, y, x)
