"""What a recurrence reads, and the part of it that does not depend on the states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch


class Inputs(NamedTuple):
    """What a recurrence reads.

    Args:
        sequences: (batch, steps, size); without a kernel the input's part of all gates, bias included.
        kernel, bias: make the input's part of all gates, (size, gates * units) and (gates * units,).
        recurrent_kernel: (units, gates * units).
        recurrent_bias: (gates * units,), where the cell has one.
        mask: (batch, steps), True where a step counts.
        output: the state before the first step, (batch, units); zeros for None.
        carry: the cell's second state, likewise.
        drops: what the output is multiplied with before the recurrent product, (batch, units), or
            (gates, batch, units); as a list, or none, before `drop_inputs`.
        input_drops: the same for the input, (batch, size); only before `drop_inputs`.
    """

    sequences: Any
    kernel: Any
    bias: Any
    recurrent_kernel: Any
    recurrent_bias: Any
    mask: Any
    output: Any = None
    carry: Any = None
    drops: Any = None
    input_drops: Any = None

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Number of steps, of samples, and of units."""
        return self.sequences.shape[1], self.sequences.shape[0], self.recurrent_kernel.shape[0]

    def fill_states(self) -> Inputs:
        """Return the same with tensors for states."""
        zeros = self.sequences.new_zeros(self.sequences.shape[0], self.recurrent_kernel.shape[0])
        output, carry = (zeros if state is None else state for state in (self.output, self.carry))
        return self._replace(output=output, carry=carry)

    def in_one_type(self) -> Inputs:
        """Return the same in the type of the recurrent kernel; what comes from elsewhere may have a shorter one."""
        dtype = self.recurrent_kernel.dtype
        return Inputs(
            *(value.to(dtype) if value is not None and value.is_floating_point() else value for value in self)
        )

    def list_derived(self, wants_sequences: bool = True) -> list[torch.Tensor]:
        """Return the tensors among these that have derivatives, in order."""
        found = [value for value in self.leave_out_masks() if value is not None]
        return found if wants_sequences else found[1:]

    def leave_out_masks(self) -> Inputs:
        """Return the same without what has no derivative."""
        return self._replace(mask=None, drops=None, input_drops=None)


def keep_all(like: torch.Tensor) -> torch.Tensor:
    """Return what stands for a mask that drops nothing, and costs nothing."""
    return like.new_empty(0)


def drop(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Multiply with a mask, unless it drops nothing; (batch, size) holds for all steps of (batch, steps, size)."""
    if not mask.numel():
        return values
    return values * (mask.unsqueeze(1) if values.ndim > mask.ndim else mask)


def drop_inputs(inputs: Inputs) -> Inputs:
    """Return what is left to do after parts of the input were dropped; with a mask a gate it is projected then."""
    drops = [mask for mask in inputs.drops or () if mask.numel()]
    input_drops = [mask for mask in inputs.input_drops or () if mask.numel()]
    held = torch.stack(drops) if len(drops) > 1 else (drops[0] if drops else None)
    inputs = inputs._replace(drops=held, input_drops=None)
    if not input_drops:
        return inputs
    if len(input_drops) == 1:
        return inputs._replace(sequences=drop(inputs.sequences, input_drops[0]))
    parts = zip(input_drops, inputs.kernel.chunk(len(input_drops), 1), strict=True)
    projected = torch.cat([drop(inputs.sequences, mask) @ part for mask, part in parts], 2)
    projected = projected if inputs.bias is None else projected + inputs.bias
    return inputs._replace(sequences=projected, kernel=None, bias=None)


def project(inputs: Inputs, slopes: torch.Tensor, offsets: torch.Tensor) -> list[torch.Tensor]:
    """Return the input's part of all gates, scaled, (steps, batch, gates * units).

    It is followed by what `derive_projection` needs: the rows and the scaled kernel, where there is a kernel.
    """
    steps, batch, _ = inputs.sizes
    rows = inputs.sequences.transpose(0, 1)
    if inputs.kernel is None:
        gates = rows.new_empty(rows.shape)
        return [torch.addcmul(offsets, rows, slopes, out=gates)]
    rows = rows.contiguous().view(steps * batch, -1)
    kernel = inputs.kernel * slopes
    bias = offsets if inputs.bias is None else torch.addcmul(offsets, inputs.bias, slopes)
    return [torch.addmm(bias, rows, kernel).view(steps, batch, -1), rows, kernel]


def shape_projection(inputs: Inputs) -> list[torch.Tensor]:
    """Return what `project` gives, without values."""
    steps, batch, _ = inputs.sizes
    new = inputs.sequences.new_empty
    gates = new(steps, batch, inputs.recurrent_kernel.shape[1])
    return (
        [gates] if inputs.kernel is None else [gates, new(steps * batch, len(inputs.kernel)), inputs.kernel]
    )


def derive_projection(
    inputs: Inputs,
    projection: Sequence[torch.Tensor],
    changes: torch.Tensor,
    slopes: torch.Tensor,
    wants_sequences: bool,
) -> list[torch.Tensor]:
    """Return the derivatives by the sequences, if wanted, and by kernel and bias, where there are any.

    Args:
        inputs: what was projected.
        projection: what `project` gave besides the gates.
        changes: the derivative by the scaled gates, (steps, batch, gates * units).
        slopes: as for `project`.
        wants_sequences: whether the first is wanted.
    """
    if inputs.kernel is None:
        return [(changes * slopes).transpose(0, 1)] if wants_sequences else []
    rows, kernel = projection
    flat = changes.flatten(0, 1)
    found = [(flat @ kernel.t()).view(*changes.shape[:2], -1).transpose(0, 1)] if wants_sequences else []
    found.append((rows.t() @ flat).mul_(slopes))
    if inputs.bias is not None:
        found.append(flat.sum(0).mul_(slopes))
    return found


def saturate(gates: torch.Tensor, mask: torch.Tensor | None, signs: Sequence[float]) -> None:
    """Fill the steps that do not count with values at which gates hold the state, whatever the state adds.

    Args:
        gates: (steps, batch, gates * units).
        mask: (batch, steps).
        signs: for each gate 1 or -1 where it shall be open or closed, 0 where it does not matter.
    """
    if mask is not None:
        largest = min(1e9, torch.finfo(gates.dtype).max / 4)
        row = gates.new_tensor(signs).mul_(largest).repeat_interleave(gates.shape[2] // len(signs))
        gates.flatten(0, 1)[mask.t().logical_not().flatten()] = row


def list_held(inputs: Inputs) -> list[torch.Tensor] | None:
    """Return for each step which samples keep their output, as numbers (batch, 1); None without a mask."""
    if inputs.mask is None:
        return None
    held = inputs.mask.t().logical_not().unsqueeze(2)
    return list(held.to(inputs.recurrent_kernel.dtype).unbind(0))


def unbind_derivative(by_outputs: torch.Tensor | None) -> Sequence[torch.Tensor] | None:
    """Return the derivative by each step's output, where there is one."""
    return None if by_outputs is None else by_outputs.unbind(1)


def start_states(inputs: Inputs, count: int) -> torch.Tensor:
    """Return a buffer for the first output and `count` further ones, in which the first is set."""
    _, batch, units = inputs.sizes
    outputs = inputs.sequences.new_empty(count + 1, batch, units)
    if inputs.output is None:
        outputs[0].zero_()
    else:
        outputs[0] = inputs.output
    return outputs


def drop_states(inputs: Inputs, *by_states: torch.Tensor) -> list[torch.Tensor]:
    """Return the derivatives by those first states that were given."""
    states = (inputs.output, inputs.carry)
    return [found for found, state in zip(by_states, states) if state is not None]


def start_derivative(by_state: torch.Tensor | None, state: torch.Tensor) -> torch.Tensor:
    """Return the derivative by the last state as a tensor of its own to add to; zeros for None."""
    return (
        torch.zeros_like(state) if by_state is None else by_state.clone(memory_format=torch.contiguous_format)
    )


def list_plain_steps(inputs: Inputs) -> tuple[Sequence[torch.Tensor], Sequence[torch.Tensor | None]]:
    """Return the input's part of each step's gates, and the flags of samples that count or None."""
    projected = inputs.sequences
    if inputs.kernel is not None:
        kernel = inputs.kernel.t()
        projected = torch.nn.functional.linear(projected, kernel, inputs.bias)
    steps = projected.unbind(1)
    return steps, [None] * len(steps) if inputs.mask is None else inputs.mask.unsqueeze(2).unbind(1)


def hold(counts: torch.Tensor | None, new: torch.Tensor, old: torch.Tensor) -> torch.Tensor:
    """Return the new state of the samples that count, the old one of the others."""
    return new if counts is None else torch.where(counts, new, old)
