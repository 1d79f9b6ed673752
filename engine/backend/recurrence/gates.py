"""What the activations of written-out recurrences are made of.

`tanh(x)` is computed as `2 * sigmoid(2 x) - 1`: torch's vectorised tanh takes seven times as long as its sigmoid.
The two differ by 1.2e-7 at most, which is what rounding leaves of the sum that `x` is anyway. Slopes and offsets
of activations go into the weights, where they cost one product for all steps.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch

_aten = torch.ops.aten

# A tensor without axes counts as a number, and `torch.add` takes a number in the first place only so.
_MINUS_ONE = torch.tensor(-1.0)


@dataclass(frozen=True)
class Gate:
    """An activation as `apply(slope * x + offset)`.

    Args:
        slope, offset: what the weights take over.
        apply: computes the rest in place.
        weigh: takes a factor, what `apply` gave, and where to write the factor times the derivative of `apply`.
    """

    slope: float
    offset: float
    apply: Callable[[torch.Tensor], object]
    weigh: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], object]


def stretch(x: torch.Tensor) -> None:
    """Make `2 x - 1` of `x`, in place: of a sigmoid the tanh of half its argument."""
    torch.add(_MINUS_ONE, x, alpha=2, out=x)


def _bend(x: torch.Tensor) -> None:
    stretch(x.sigmoid_())


def _weigh_bent(factor: torch.Tensor, result: torch.Tensor, out: torch.Tensor) -> None:
    _aten.tanh_backward.grad_input(factor, result, grad_input=out)
    out.mul_(0.5)


def _clip(x: torch.Tensor) -> None:
    x.clamp_(0.0, 1.0)


def _weigh_clipped(factor: torch.Tensor, result: torch.Tensor, out: torch.Tensor) -> None:
    _aten.hardtanh_backward.grad_input(factor, result, 0.0, 1.0, grad_input=out)


def _weigh_sigmoid(factor: torch.Tensor, result: torch.Tensor, out: torch.Tensor) -> None:
    _aten.sigmoid_backward.grad_input(factor, result, grad_input=out)


def _weigh_relu(factor: torch.Tensor, result: torch.Tensor, out: torch.Tensor) -> None:
    _aten.threshold_backward.grad_input(factor, result, 0.0, grad_input=out)


GATES = {
    "sigmoid": Gate(1.0, 0.0, torch.Tensor.sigmoid_, _weigh_sigmoid),
    "hard_sigmoid": Gate(0.2, 0.5, _clip, _weigh_clipped),
    "tanh": Gate(2.0, 0.0, _bend, _weigh_bent),
    "relu": Gate(1.0, 0.0, torch.Tensor.relu_, _weigh_relu),
    "linear": Gate(1.0, 0.0, lambda x: x, lambda factor, result, out: out.copy_(factor)),
}

# The same for derivatives of derivatives.
PLAIN: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sigmoid": torch.sigmoid,
    "hard_sigmoid": lambda x: torch.clamp(0.2 * x + 0.5, 0.0, 1.0),
    "tanh": torch.tanh,
    "relu": torch.relu,
    "linear": lambda x: x,
}


@functools.lru_cache(maxsize=256)
def list_rows(
    gates: tuple[str, ...], units: int, dtype: torch.dtype, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the slopes and the offsets of gates that lie side by side, a number a column."""
    pairs = [(GATES[gate].slope, GATES[gate].offset) for gate in gates]
    # What was made for a prediction may be asked for in a training step.
    with torch.inference_mode(False):
        slopes, offsets = torch.tensor(pairs, dtype=dtype, device=device).repeat_interleave(units, 0).t()
        return slopes.contiguous(), offsets.contiguous()
