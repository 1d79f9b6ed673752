"""Long short-term memory over whole sequences: forward, and its derivative written out.

The carry is kept doubled, as the sigmoid that makes its tanh takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from engine.backend.opaque import opaque
from engine.backend.recurrence.differentiation import Recurrence, Tensors, Values, shape_derivatives
from engine.backend.recurrence.gates import GATES, PLAIN, list_rows, stretch
from engine.backend.recurrence.inputs import (
    Inputs,
    derive_projection,
    drop_states,
    hold,
    list_held,
    list_plain_steps,
    project,
    saturate,
    shape_projection,
    start_derivative,
    start_states,
    unbind_derivative,
)
from engine.backend.recurrence.products import StateProduct, multiply_plainly


def _list_rows(inputs: Inputs, gate: str) -> tuple[torch.Tensor, torch.Tensor]:
    kernel = inputs.recurrent_kernel
    return list_rows((gate, gate, "tanh", gate), kernel.shape[0], kernel.dtype, kernel.device)


def _shape_run(values: Values, gate: str, keeps: bool) -> Tensors:
    inputs = Inputs(*values)
    steps, batch, units = inputs.sizes
    outputs, carries = inputs.sequences.new_empty(2, steps + 1, batch, units)
    results = [outputs[1:], torch.empty_like(carries[0])]
    kept = [outputs, carries, carries[1:], inputs.recurrent_kernel, *shape_projection(inputs)]
    return [*results, *(torch.empty_like(value) for value in kept)] if keeps else results


@opaque("lstm", "(Tensor?[] inputs, str gate, bool keeps) -> Tensor[]", _shape_run)
def run(values: Values, gate: str, keeps: bool) -> Tensors:
    """Run the steps.

    Args:
        values: an `Inputs`.
        gate: the gates' activation, a key of `GATES`.
        keeps: whether to give what `derive` needs.

    Returns:
        All outputs (steps, batch, units), the last carry, and what is kept.
    """
    inputs = Inputs(*values)
    steps, batch, units = inputs.sizes
    slopes, offsets = _list_rows(inputs, gate)
    gates, *projection = project(inputs, slopes, offsets)
    saturate(gates, inputs.mask, (-1, 1, 0, -1))
    kernel = inputs.recurrent_kernel * slopes
    outputs = start_states(inputs, steps)
    # Without a derivative all steps work in the same place.
    carries = gates.new_empty(steps + 1 if keeps else 1, batch, units)
    squashed = gates.new_empty(steps if keeps else 1, batch, units)
    if inputs.carry is None:
        carries[0].zero_()
    else:
        torch.mul(inputs.carry, 2, out=carries[0])
    from_zero = inputs.output is None
    product = StateProduct(kernel, inputs.drops)
    _advance(gates, outputs, carries, squashed, product, GATES[gate].apply, list_held(inputs), from_zero)
    results = [outputs[1:], carries[-1] * 0.5]
    return [*results, outputs, carries, squashed, kernel, gates, *projection] if keeps else results


def _advance(
    gates: torch.Tensor,
    outputs: torch.Tensor,
    carries: torch.Tensor,
    squashed: torch.Tensor,
    product: StateProduct,
    apply: Callable[[torch.Tensor], object],
    held: Tensors | None,
    from_zero: bool,
) -> None:
    """Turn the input's part of the gates into the gates, and fill the other buffers, step by step."""
    steps, units = len(gates), outputs.shape[2]
    states, wholes = outputs.unbind(0), gates.unbind(0)
    doubled = carries.expand(steps + 1, -1, -1).unbind(0)
    bent = squashed.expand(steps, -1, -1).unbind(0)
    pairs = gates[..., : 2 * units].unbind(0)
    admit, keep, candidate, give = (part.unbind(0) for part in gates.unflatten(2, (4, units)).unbind(2))
    bend = GATES["tanh"].apply
    for step in range(steps):
        if step or not from_zero:
            product.add(wholes[step], states[step])
        apply(pairs[step])
        apply(give[step])
        bend(candidate[step])
        carry = doubled[step + 1]
        torch.mul(doubled[step], keep[step], out=carry).addcmul_(admit[step], candidate[step], value=2)
        torch.sigmoid(carry, out=bent[step])
        stretch(bent[step])
        torch.mul(give[step], bent[step], out=states[step + 1])
        if held is not None:
            states[step + 1].addcmul_(states[step], held[step])


@opaque(
    "lstm_backward",
    "(Tensor?[] inputs, Tensor[] kept, Tensor?[] grads, str gate, bool wants_sequences) -> Tensor[]",
    shape_derivatives,
)
def derive(
    values: Values,
    kept: Tensors,
    grads: Values,
    gate: str,
    wants_sequences: bool,
) -> Tensors:
    """Return the derivatives by the inputs that have one, in their order.

    Args:
        values: an `Inputs`.
        kept: what `run` gave.
        grads: derivatives by all outputs (batch, steps, units), the last output and the last carry.
        gate: as for `run`.
        wants_sequences: whether the derivative by the sequences is among them.
    """
    inputs = Inputs(*values)
    _, _, outputs, carries, squashed, kernel, gates, *projection = kept
    product = StateProduct(kernel, inputs.drops)
    by_output, by_carry = (
        start_derivative(grad, state) for grad, state in zip(grads[1:], (outputs[0], carries[0]), strict=True)
    )
    changes = _recede(
        gates,
        _list_factors(gates, carries, squashed, gate),
        product,
        (by_output, by_carry),
        unbind_derivative(grads[0]),
        list_held(inputs),
    )
    slopes, _ = _list_rows(inputs, gate)
    by_kernel = product.derive_kernel(outputs[:-1], changes)
    found = derive_projection(inputs, projection, changes, slopes, wants_sequences)
    return [*found, by_kernel.mul_(slopes), *drop_states(inputs, by_output, by_carry)]


def _list_factors(
    gates: torch.Tensor, carries: torch.Tensor, squashed: torch.Tensor, gate: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what derivatives by carry and output are multiplied by, for all steps.

    Returns:
        From the carry to the gates i, f and c and from the output to the gate o (steps, batch, 4, units), all
        before their activation; from the output to the carry.
    """
    gates = gates.unflatten(2, (4, squashed.shape[2]))
    admit, keep, candidate, give = gates.unbind(2)
    factors = torch.empty_like(gates)
    by_admit, by_keep, by_candidate, by_give = factors.unbind(2)
    weigh, weigh_bent = GATES[gate].weigh, GATES["tanh"].weigh
    weigh(candidate, admit, by_admit)
    weigh(carries[:-1] * 0.5, keep, by_keep)
    weigh_bent(admit, candidate, by_candidate)
    weigh(squashed, give, by_give)
    return factors, torch.ops.aten.tanh_backward(give, squashed)


def _recede(
    gates: torch.Tensor,
    factors: tuple[torch.Tensor, torch.Tensor],
    product: StateProduct,
    by_states: tuple[torch.Tensor, torch.Tensor],
    by_outputs: Sequence[torch.Tensor] | None,
    held: Tensors | None,
) -> torch.Tensor:
    """Go through the steps from the last to the first.

    Args:
        gates: as `run` kept them.
        product: of states and kernel.
        factors: what `_list_factors` gave.
        by_states: derivatives by the last output and carry; they become those by the first ones.
        by_outputs: derivatives by each step's output.
        held: which samples keep their output.

    Returns:
        The derivative by the scaled gates before their activation.
    """
    units = factors[1].shape[2]
    by_output, by_carry = by_states
    wide = by_carry.unsqueeze(1)
    changes = torch.empty_like(gates)
    parts = changes.unflatten(2, (4, units))
    of_carry, of_output = parts[:, :, :3].unbind(0), parts[:, :, 3].unbind(0)
    from_carry, from_output = factors[0][:, :, :3].unbind(0), factors[0][:, :, 3].unbind(0)
    to_carry, keep = factors[1].unbind(0), gates[..., units : 2 * units].unbind(0)
    wholes = changes.unbind(0)
    for step in reversed(range(len(gates))):
        if by_outputs is not None:
            by_output.add_(by_outputs[step])
        by_carry.addcmul_(by_output, to_carry[step])
        torch.mul(wide, from_carry[step], out=of_carry[step])
        torch.mul(by_output, from_output[step], out=of_output[step])
        by_carry.mul_(keep[step])
        if held is not None:
            by_output.mul_(held[step])
        product.derive(wholes[step], by_output, 0 if held is None else 1)
    return changes


def repeat(inputs: Inputs, gate: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return all outputs, the last one and the last carry by operations that can be differentiated again."""
    inputs = inputs.fill_states()
    apply, output, carry = PLAIN[gate], inputs.output, inputs.carry
    outputs = []
    for step, hidden in zip(*list_plain_steps(inputs), strict=True):
        gates = step + multiply_plainly(output, inputs.recurrent_kernel, inputs.drops)
        admit, keep, candidate, give = gates.chunk(4, 1)
        new_carry = apply(keep) * carry + apply(admit) * torch.tanh(candidate)
        new_output = apply(give) * torch.tanh(new_carry)
        carry, output = hold(hidden, new_carry, carry), hold(hidden, new_output, output)
        outputs.append(output)
    return torch.stack(outputs, 1), output, carry


LSTM = Recurrence(run, derive, repeat, has_carry=True)
