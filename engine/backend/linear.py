"""Products of matrices (manual, section 14.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from engine.backend.matrix_product import multiply
from engine.backend.symbolic import operation


@operation
def dot(x: Any, y: Any) -> Any:
    """Multiply tensors: a sum over the last axis of `x` and the last but one of `y`.

    Shapes:
        (..., n), (n, m) -> (..., m).
        (2, 3), (4, 3, 5) -> (2, 4, 5).
    """
    if x.is_sparse:
        return torch.sparse.mm(x, y)
    return torch.matmul(x, y) if y.ndim <= 2 else torch.tensordot(x, y, ([-1], [-2]))


@operation
def linear(x: Any, kernel: Any, bias: Any = None, rectify: bool = False) -> Any:
    """Return `dot(x, kernel) + bias` in one kernel.

    Args:
        x, kernel, bias: tensors; None for no bias.
        rectify: whether to return relu of the result, made in the same kernel where there is one.

    Shapes:
        (..., n), (n, m), (m,) -> (..., m).
    """
    if not x.is_sparse:
        product = multiply(x.reshape(-1, x.shape[-1]), kernel, bias, rectify)
        return product.view(*x.shape[:-1], kernel.shape[-1])
    result = torch.sparse.mm(x, kernel)
    result = result if bias is None else result + bias
    return torch.relu(result) if rectify else result


@operation
def batch_dot(x: Any, y: Any, axes: int | Sequence[int] | None = None) -> Any:
    """Multiply each sample of `x` with the same sample of `y`.

    Args:
        x, y: tensors with a batch axis first, of two axes or more. Above three axes they multiply as stacks
            of matrices.
        axes: the axes to sum over, one of each; by default the last of `x` and the last but one of `y`.

    Shapes:
        (batch, 20), (batch, 30, 20), axes (1, 2) -> (batch, 30).
        (batch, n), (batch, n), axes 1 -> (batch, 1).
    """
    if axes is None:
        axes = (x.ndim - 1, max(y.ndim - 2, 1))
    pair = (axes, axes) if isinstance(axes, int) else tuple(axes)
    x_axis, y_axis = pair[0] % x.ndim, pair[1] % y.ndim
    if x.ndim == y.ndim == 2:
        result = torch.sum((x if x_axis == y_axis else x.t()) * y, y_axis)
        return result.unsqueeze(1)
    missing = x.ndim - y.ndim
    first_added = x.ndim + y.ndim - 3 if missing > 0 else x.ndim - 1
    x = x.reshape(*x.shape, *[1] * -missing)
    y = y.reshape(*y.shape, *[1] * missing)
    x = x if x_axis == x.ndim - 1 else x.transpose(-1, -2)
    y = y.transpose(-1, -2) if y_axis == y.ndim - 1 else y
    result = torch.matmul(x, y)
    for _ in range(abs(missing)):
        result = result.squeeze(first_added)
    return result.unsqueeze(1) if result.ndim == 1 else result


@operation
def einsum(equation: str, *operands: Any) -> Any:
    """Return the sum of products that an equation such as `abc,cd->abd` describes."""
    return torch.einsum(equation, *operands)
