"""Long short-term memory over whole sequences, with its derivative written out.

The traced loop of `K.rnn` records every small product of every step for the derivative. Here the factors of
the derivative are computed for all steps at once, and that of the recurrent kernel is one matrix product.
"""

from __future__ import annotations

from typing import Any

import torch

from engine.backend.symbolic import SymbolicTensor, record

# hard_sigmoid(z) = clip(0.2 z + 0.5, 0, 1).
_SLOPE, _OFFSET = 0.2, 0.5


def _squash(gates: torch.Tensor, hard: bool) -> None:
    """Apply the gates' activation in place; for the hard one slope and offset are already in."""
    if hard:
        gates.clamp_(0, 1)
    else:
        gates.sigmoid_()


def _scale_gates(tensor: torch.Tensor, units: int, offset: float) -> None:
    """Bring the three gates' shares of the last axis under the hard sigmoid's slope and offset, in place."""
    for share in (tensor[..., : 2 * units], tensor[..., 3 * units :]):
        share.mul_(_SLOPE).add_(offset)


class _Lstm(torch.autograd.Function):
    """Time comes first in all buffers; gates lie in Keras's order i, f, c, o."""

    @staticmethod
    def forward(
        ctx: Any,
        projected: torch.Tensor,
        output: torch.Tensor,
        carry: torch.Tensor,
        kernel: torch.Tensor,
        hard: bool,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        units = kernel.shape[0]
        gates = projected.transpose(0, 1).clone(memory_format=torch.contiguous_format)
        scaled = kernel
        if hard:
            scaled = kernel.clone()
            _scale_gates(gates, units, _OFFSET)
            _scale_gates(scaled, units, 0.0)
        steps, batch = gates.shape[:2]
        outputs, carries = gates.new_empty(2, steps + 1, batch, units)
        squashed = gates.new_empty(steps, batch, units)
        outputs[0], carries[0] = output, carry
        for step in range(steps):
            gate = gates[step].addmm_(outputs[step], scaled)
            _squash(gate[:, : 2 * units], hard)
            admit, keep, candidate, give = gate.split(units, 1)
            candidate.tanh_()
            _squash(give, hard)
            torch.mul(keep, carries[step], out=carries[step + 1]).addcmul_(admit, candidate)
            torch.tanh(carries[step + 1], out=squashed[step])
            torch.mul(give, squashed[step], out=outputs[step + 1])
        ctx.hard = hard
        ctx.save_for_backward(projected, output, carry, kernel)
        ctx.buffers = (gates, outputs, carries, squashed, scaled)
        return outputs[1:].transpose(0, 1), carries[-1]

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[Any, ...]:
        if torch.is_grad_enabled():
            return (*_differentiate_again(ctx, grads), None)
        gates, outputs, carries, squashed, scaled = ctx.buffers
        units = scaled.shape[0]
        by_carry, by_output, to_carry = _list_factors(gates, carries, squashed, ctx.hard)
        grad_outputs, grad_carry = grads[0].transpose(0, 1), grads[1].clone()
        kernel = ctx.saved_tensors[3]
        changes = torch.empty_like(gates)
        grad_output = torch.zeros_like(grad_carry)
        for step in reversed(range(len(gates))):
            grad_output = grad_output + grad_outputs[step]
            grad_carry.addcmul_(grad_output, to_carry[step])
            own = changes[step]
            torch.mul(
                grad_carry.unsqueeze(1), by_carry[step], out=own[:, : 3 * units].unflatten(1, (3, units))
            )
            torch.mul(grad_output, by_output[step], out=own[:, 3 * units :])
            grad_carry.mul_(gates[step, :, units : 2 * units])
            grad_output = own @ kernel.t()
        flat = changes.flatten(0, 1)
        grad_kernel = outputs[:-1].flatten(0, 1).t() @ flat
        return changes.transpose(0, 1), grad_output, grad_carry, grad_kernel, None


def _list_factors(
    gates: torch.Tensor, carries: torch.Tensor, squashed: torch.Tensor, hard: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return what derivatives by carry and output are multiplied by, for all steps.

    Returns:
        From the carry to the gates i, f and c before their activation (steps, batch, 3, units); from the
        output to the gate o; from the output to the carry.
    """
    units = squashed.shape[-1]
    admit, _, candidate, give = gates.split(units, -1)
    slopes = ((gates > 0) & (gates < 1)) * _SLOPE if hard else gates * (1 - gates)
    by_carry = torch.stack(
        [
            candidate * slopes[..., :units],
            carries[:-1] * slopes[..., units : 2 * units],
            admit * (1 - candidate.square()),
        ],
        dim=2,
    )
    return by_carry, squashed * slopes[..., 3 * units :], give * (1 - squashed.square())


def _differentiate_again(ctx: Any, grads: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor | None, ...]:
    """Return the derivatives by operations that can be differentiated themselves."""
    inputs = [tensor for tensor in ctx.saved_tensors if tensor.requires_grad]
    with torch.enable_grad():
        found = torch.autograd.grad(
            _run_steps(ctx.hard, *ctx.saved_tensors), inputs, grads, create_graph=True, allow_unused=True
        )
    given = iter(found)
    return tuple(next(given) if tensor.requires_grad else None for tensor in ctx.saved_tensors)


def _run_steps(
    hard: bool, projected: torch.Tensor, output: torch.Tensor, carry: torch.Tensor, kernel: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    def squash(gate: torch.Tensor) -> torch.Tensor:
        return torch.clamp(_SLOPE * gate + _OFFSET, 0, 1) if hard else torch.sigmoid(gate)

    outputs = []
    for step in projected.unbind(1):
        admit, keep, candidate, give = torch.addmm(step, output, kernel).chunk(4, 1)
        carry = squash(keep) * carry + squash(admit) * torch.tanh(candidate)
        output = squash(give) * torch.tanh(carry)
        outputs.append(output)
    return torch.stack(outputs, 1), carry


def _run_lstm(projected: Any, output: Any, carry: Any, kernel: Any, hard: bool) -> tuple[Any, Any, Any]:
    outputs, carry = _Lstm.apply(projected, output, carry, kernel, hard)
    return outputs, outputs[:, -1], carry


def lstm(projected: Any, output: Any, carry: Any, kernel: Any, hard: bool) -> tuple[Any, Any, Any]:
    """Run long short-term memory with tanh and sigmoid, or hard sigmoid, over sequences.

    Args:
        projected: the input's part of the gates i, f, c, o, bias included (batch, steps, 4 * units).
        output, carry: the states before the first step (batch, units).
        kernel: the recurrent kernel (units, 4 * units).
        hard: whether the gates' activation is the hard sigmoid.

    Returns:
        All outputs (batch, steps, units), the last output and the last carry.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory (1997).
    """
    args = (projected, output, carry, kernel, hard)
    if not any(isinstance(value, SymbolicTensor) for value in args):
        return _run_lstm(*args)

    def example(run: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        steps = projected.examples[run]
        last = steps.new_empty(steps.shape[0], kernel.shape[0])
        return steps.new_empty(*steps.shape[:2], kernel.shape[0]), last, last

    return record(_run_lstm, args, results=(example(0), example(1)))
