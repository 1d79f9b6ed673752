"""Convolutions of padded images, and relu in the same pass over memory where oneDNN has both as one kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from engine.backend.precision import is_mixing
from engine.backend.windows import pad

_CONVOLUTIONS = {2: functional.conv2d, 3: functional.conv3d}
_HAS_ONEDNN = torch.backends.mkldnn.is_available()


class _RectifiedConvolution(torch.autograd.Function):
    """Its derivative is made of operations that can be differentiated again."""

    @staticmethod
    def forward(
        ctx: Any, x: Any, weight: Any, bias: Any, strides: Any, padding: Any, dilation: Any, groups: int
    ) -> torch.Tensor:
        result = torch.ops.mkldnn._convolution_pointwise(
            x, weight, bias, padding, strides, dilation, groups, "relu", [], ""
        )
        ctx.settings = (strides, padding, dilation, False, [0] * len(strides), groups)
        ctx.bias_sizes = None if bias is None else list(bias.shape)
        ctx.save_for_backward(x, weight, result)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[Any, ...]:
        x, weight, result = ctx.saved_tensors
        passed = torch.ops.aten.threshold_backward(gradients[0], result, 0)
        wanted = ctx.needs_input_grad[:3]
        found = torch.ops.aten.convolution_backward(passed, x, weight, ctx.bias_sizes, *ctx.settings, wanted)
        return (*found, None, None, None, None)


def _convolve_and_rectify(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    strides: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> torch.Tensor:
    """Return relu of torch's `conv2d` or `conv3d`, to whose arguments these are the same."""
    if (
        _HAS_ONEDNN
        and len(strides) == 2
        and x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and not is_mixing()
    ):
        return _RectifiedConvolution.apply(x, weight, bias, strides, padding, dilation, groups)
    return torch.relu(_CONVOLUTIONS[len(strides)](x, weight, bias, strides, padding, dilation, groups))


def convolve_padded(
    x: torch.Tensor,
    weight: torch.Tensor,
    amounts: Sequence[tuple[int, int]],
    strides: Sequence[int] = (1, 1),
    dilation: Sequence[int] = (1, 1),
    bias: torch.Tensor | None = None,
    groups: int = 1,
    rectify: bool = False,
) -> torch.Tensor:
    """Convolve channels first, with a weight in torch's order and so many cells before and after each axis."""
    if any(before != after for before, after in amounts):
        x = pad(x, amounts)
        amounts = [(0, 0)] * len(amounts)
    cells = tuple(before for before, _ in amounts)
    convolve = _convolve_and_rectify if rectify else _CONVOLUTIONS[len(cells)]
    return convolve(x, weight, bias, strides, cells, dilation, groups)
