"""Convolutional long short-term memory over whole films: forward, and its derivative written out.

Time comes first, channels last. Each step's gates are as long as all else together, so unlike those of `lstm` they
are worked on step by step, while they are in the processor's cache. The carry is kept doubled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from engine.backend.opaque import opaque
from engine.backend.recurrence.differentiation import Recurrence, Tensors, Values, shape_derivatives
from engine.backend.recurrence.gates import GATES, PLAIN, list_rows, stretch
from engine.backend.recurrence.inputs import Inputs, drop_states, start_derivative

_aten = torch.ops.aten


def list_conv_rows(kernel: torch.Tensor, gate: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return slopes and offsets of the gates, of which a recurrent kernel (..., units, 4 * units) tells the size."""
    return list_rows((gate, gate, "tanh", gate), kernel.shape[-2], kernel.dtype, kernel.device)


def _to_torch_order(kernel: torch.Tensor) -> torch.Tensor:
    """Return a kernel (..., in, out) as (out, in, ...) in the layout that convolutions of channels last want."""
    weight = kernel.movedim((-1, -2), (0, 1))
    if weight.ndim == 4:
        return weight.contiguous(memory_format=torch.channels_last)
    return (
        weight.contiguous(memory_format=torch.channels_last_3d) if weight.ndim == 5 else weight.contiguous()
    )


def _list_settings(weight: torch.Tensor) -> tuple[list[int], list[int], list[int], bool, list[int], int]:
    """Return what a convolution that keeps the sizes is called with."""
    ones = [1] * (weight.ndim - 2)
    return ones, [size // 2 for size in weight.shape[2:]], ones, False, [0] * len(ones), 1


def _convolve(images: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the convolution of channels-last images as rows, one a position."""
    result = _aten.convolution(images.movedim(-1, 1), weight, None, *_list_settings(weight))
    return result.movedim(1, -1).reshape(-1, len(weight))


def _derive_convolution(
    changes: torch.Tensor, images: torch.Tensor, weight: torch.Tensor, wants: Sequence[bool]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the derivatives by images and weight of those that are wanted; changes are channels-last images."""
    by_images, by_weight, _ = _aten.convolution_backward(
        changes.movedim(-1, 1),
        images.movedim(-1, 1),
        weight,
        None,
        *_list_settings(weight),
        [*wants, False],
    )
    return by_images, by_weight


def _shape_run(values: Values, gate: str, keeps: bool) -> Tensors:
    inputs = Inputs(*values)
    new, kernel = inputs.sequences.new_empty, inputs.recurrent_kernel
    steps, *sizes, width = inputs.sequences.shape
    rows, units = math.prod(sizes), kernel.shape[-2]
    results = [new(steps, *sizes, units), new(*sizes, units)]
    if keeps:
        results += [new(steps, rows, units), new(steps + 1, rows, units), new(steps, rows, units)]
        results += [_to_torch_order(torch.empty_like(kernel)), *new(steps, rows, width).unbind(0)]
    return results


@opaque("conv_lstm", "(Tensor?[] inputs, str gate, bool keeps) -> Tensor[]", _shape_run)
def run(values: Values, gate: str, keeps: bool) -> Tensors:
    """Run the steps; see `Recurrence`. The sequences (steps, batch, ..., 4 * units) are projected and scaled."""
    inputs = Inputs(*values)
    kernel = inputs.recurrent_kernel
    steps, units = len(inputs.sequences), kernel.shape[-2]
    weight = _to_torch_order(kernel * list_conv_rows(kernel, gate)[0])
    new = inputs.sequences.new_empty
    outputs = new(*inputs.sequences.shape[:-1], units)
    states = outputs.view(steps, -1, units)
    # Without a derivative all steps work in the same place.
    carries = new(steps + 1 if keeps else 1, *states.shape[1:])
    candidates, squashed = new(2, steps if keeps else 1, *states.shape[1:])
    carries[0] = 0 if inputs.carry is None else inputs.carry.reshape(-1, units) * 2
    doubled, bent = carries.expand(steps + 1, -1, -1), squashed.expand(steps, -1, -1)
    apply, kept = GATES[gate].apply, []
    before = inputs.output
    for step, candidate in enumerate(candidates.expand(steps, -1, -1)):
        projected = inputs.sequences[step].flatten(0, -2)
        gates = projected.clone() if before is None else _convolve(before, weight).add_(projected)
        admit, keep, raw, give = gates.split(units, 1)
        apply(gates[:, : 2 * units])
        apply(give)
        # Few channels side by side are slow for sigmoid.
        GATES["tanh"].apply(candidate.copy_(raw))
        carry = doubled[step + 1]
        torch.mul(doubled[step], keep, out=carry).addcmul_(admit, candidate, value=2)
        stretch(torch.sigmoid(carry, out=bent[step]))
        torch.mul(give, bent[step], out=states[step])
        before = outputs[step]
        if keeps:
            kept.append(gates)
    results = [outputs, (carries[-1] * 0.5).view_as(outputs[-1])]
    return [*results, candidates, carries, squashed, weight, *kept] if keeps else results


@opaque(
    "conv_lstm_backward",
    "(Tensor?[] inputs, Tensor[] kept, Tensor?[] grads, str gate, bool wants_sequences) -> Tensor[]",
    shape_derivatives,
)
def derive(values: Values, kept: Tensors, grads: Values, gate: str, wants_sequences: bool) -> Tensors:
    """Return the derivatives; see `Recurrence`."""
    inputs = Inputs(*values)
    outputs, last_carry, candidates, carries, squashed, weight, *gates = kept
    units, weigh = outputs.shape[-1], GATES[gate].weigh
    by_outputs, by_output, by_carry = grads
    by_output = start_derivative(by_output, last_carry).view(-1, units)
    by_carry = start_derivative(by_carry, last_carry).view(-1, units)
    changes = torch.empty_like(inputs.sequences, memory_format=torch.contiguous_format)
    product = torch.empty_like(by_carry)
    for step in reversed(range(len(gates))):
        if by_outputs is not None:
            by_output = by_output + by_outputs[:, step].reshape(-1, units)
        admit, keep, _, give = gates[step].split(units, 1)
        of_admit, of_keep, of_candidate, of_give = changes[step].flatten(0, -2).split(units, 1)
        weigh(torch.mul(by_output, squashed[step], out=product), give, of_give)
        _aten.tanh_backward.grad_input(by_output, squashed[step], grad_input=product)
        by_carry.addcmul_(product, give)
        weigh(torch.mul(by_carry, candidates[step], out=product), admit, of_admit)
        weigh(torch.mul(by_carry, carries[step], out=product).mul_(0.5), keep, of_keep)
        GATES["tanh"].weigh(torch.mul(by_carry, admit, out=product), candidates[step], of_candidate)
        by_carry.mul_(keep)
        before = outputs[step - 1] if step else inputs.output
        if before is not None:
            by_images, _ = _derive_convolution(changes[step], before, weight, (True, False))
            by_output = by_images.movedim(1, -1).reshape(-1, units)
    by_weight = _derive_kernel(inputs, outputs, changes, weight)
    by_kernel = by_weight.movedim((0, 1), (-1, -2)) * list_conv_rows(inputs.recurrent_kernel, gate)[0]
    by_states = drop_states(inputs, by_output.view_as(last_carry), by_carry.view_as(last_carry))
    return [*([changes] if wants_sequences else []), by_kernel, *by_states]


def _derive_kernel(
    inputs: Inputs, outputs: torch.Tensor, changes: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Return the derivative by the scaled kernel, of all steps in one convolution."""
    pairs = [(changes[1:].flatten(0, 1), outputs[:-1].flatten(0, 1))] if len(outputs) > 1 else []
    if inputs.output is not None:
        pairs.append((changes[0], inputs.output))
    found = [_derive_convolution(change, images, weight, (False, True))[1] for change, images in pairs]
    return sum(found[1:], found[0]) if found else torch.zeros_like(weight)


def repeat(inputs: Inputs, gate: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return all outputs, the last one and the last carry by operations that can be differentiated again."""
    slopes, offsets = list_conv_rows(inputs.recurrent_kernel, gate)
    weight = _to_torch_order(inputs.recurrent_kernel)
    apply, outputs = PLAIN[gate], []
    zeros = inputs.sequences.new_zeros(*inputs.sequences.shape[1:-1], len(weight) // 4)
    output, carry = (zeros if state is None else state for state in (inputs.output, inputs.carry))
    for step in inputs.sequences:
        gates = (step - offsets) / slopes + _convolve(output, weight).view_as(step)
        admit, keep, candidate, give = gates.chunk(4, -1)
        carry = apply(keep) * carry + apply(admit) * torch.tanh(candidate)
        output = apply(give) * torch.tanh(carry)
        outputs.append(output)
    return torch.stack(outputs, 1), output, carry


CONV_LSTM = Recurrence(run, derive, repeat, has_carry=True)
