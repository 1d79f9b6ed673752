"""Products of large matrices, with bias and relu, by oneDNN's kernel."""

from __future__ import annotations

from typing import Any

import torch

from engine.backend.precision import is_mixing

_HAS_ONEDNN = torch.backends.mkldnn.is_available()
# Below this many multiplications the kernel's start costs more than it saves.
_FEWEST_MULTIPLICATIONS = 2**24
# A transposed matrix is copied first, which many columns of the other one outweigh.
_FEWEST_COLUMNS = 256


class _Product(torch.autograd.Function):
    """Its derivative is made of operations that can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any, bias: Any, rectify: bool) -> torch.Tensor:
        result = torch.ops.mkldnn._linear_pointwise(x, y.t(), bias, "relu" if rectify else "none", [], "")
        ctx.save_for_backward(x, y, result if rectify else None)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[Any, ...]:
        x, y, rectified = ctx.saved_tensors
        (passed,) = gradients
        if rectified is not None:
            passed = torch.ops.aten.threshold_backward(passed, rectified, 0)
        wants_x, wants_y, wants_bias = ctx.needs_input_grad[:3]
        return (
            multiply(passed, y.t()) if wants_x else None,
            multiply(x.t(), passed) if wants_y else None,
            passed.sum(0) if wants_bias else None,
            None,
        )


def multiply(
    x: torch.Tensor, y: torch.Tensor, bias: torch.Tensor | None = None, rectify: bool = False
) -> torch.Tensor:
    """Return `x @ y + bias` or relu of it.

    Shapes:
        (rows, n), (n, columns), (columns,) -> (rows, columns).
    """
    if _is_fit_for_onednn(x, y):
        return _Product.apply(x, y, bias, rectify)
    product = torch.mm(x, y) if bias is None else torch.addmm(bias, x, y)
    return torch.relu_(product) if rectify else product


def _is_fit_for_onednn(x: torch.Tensor, y: torch.Tensor) -> bool:
    return (
        _HAS_ONEDNN
        and x.device.type == "cpu"
        and x.dtype == y.dtype == torch.float32
        and not is_mixing()
        and len(x) * y.numel() >= _FEWEST_MULTIPLICATIONS
        and (x.is_contiguous() or y.shape[1] >= _FEWEST_COLUMNS)
    )
