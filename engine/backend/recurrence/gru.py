"""Gated recurrent units over whole sequences, the state reset before the product: forward, and its derivative.

Gates lie in the order z, r, h: update, reset, candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from engine.backend.opaque import opaque
from engine.backend.recurrence.differentiation import Recurrence, Tensors, Values, shape_derivatives
from engine.backend.recurrence.gates import GATES, PLAIN, list_rows
from engine.backend.recurrence.inputs import (
    Inputs,
    derive_projection,
    drop_states,
    hold,
    list_plain_steps,
    project,
    saturate,
    shape_projection,
    start_derivative,
    start_states,
    unbind_derivative,
)
from engine.backend.recurrence.products import StateProduct, multiply_plainly


def list_gru_rows(inputs: Inputs, gate: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return slopes and offsets of all gates."""
    kernel = inputs.recurrent_kernel
    return list_rows((gate, gate, "tanh"), kernel.shape[0], kernel.dtype, kernel.device)


def split_gates(gates: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the parts of the last axis."""
    update, reset, candidate = gates.tensor_split(3, -1)
    return update, reset, candidate


def start_gru(inputs: Inputs, gate: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Tensors]:
    """Return buffers: outputs behind the first state, the input's part of the gates, the scaled kernel, the rest."""
    slopes, offsets = list_gru_rows(inputs, gate)
    gates, *projection = project(inputs, slopes, offsets)
    saturate(gates, inputs.mask, (1, 0, 0))
    return start_states(inputs, inputs.sizes[0]), gates, inputs.recurrent_kernel * slopes, projection


def shape_gru(inputs: Inputs) -> Tensors:
    """Return outputs, kernel, gates and what was projected, without values."""
    steps, batch, units = inputs.sizes
    outputs = inputs.sequences.new_empty(steps + 1, batch, units)
    return [torch.empty_like(x) for x in (outputs, inputs.recurrent_kernel, *shape_projection(inputs))]


def split_product(kernel: torch.Tensor, drops: torch.Tensor | None) -> tuple[StateProduct, StateProduct]:
    """Return the products of update and reset, and of the candidate; drops are by gate."""
    pair = 2 * len(kernel)
    of_pair, of_candidate = (None, None) if drops is None else (drops[:2], drops[2])
    return StateProduct(kernel[:, :pair], of_pair), StateProduct(kernel[:, pair:], of_candidate)


def weigh_update(outputs: torch.Tensor, gates: torch.Tensor, gate: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what the derivative by the output is multiplied by on its way to update and candidate, all steps."""
    update, _, candidate = split_gates(gates)
    by_update, by_candidate = update.new_empty(2, *update.shape)
    GATES[gate].weigh(outputs[:-1] - candidate, update, by_update)
    GATES["tanh"].weigh(1 - update, candidate, by_candidate)
    return by_update, by_candidate


def _shape_run(values: Values, gate: str, keeps: bool) -> Tensors:
    outputs, *kept = shape_gru(Inputs(*values))
    return [outputs[1:], outputs, torch.empty_like(outputs[1:]), *kept] if keeps else [outputs[1:]]


@opaque("gru", "(Tensor?[] inputs, str gate, bool keeps) -> Tensor[]", _shape_run)
def run(values: Values, gate: str, keeps: bool) -> Tensors:
    """Run the steps; see `Recurrence`."""
    inputs = Inputs(*values)
    outputs, gates, kernel, projection = start_gru(inputs, gate)
    # Without a derivative all steps work in the same place.
    damped = torch.empty_like(outputs[1:] if keeps else outputs[:1])
    _advance(gates, outputs, damped, split_product(kernel, inputs.drops), GATES[gate].apply)
    return [outputs[1:], outputs, damped, kernel, gates, *projection] if keeps else [outputs[1:]]


def _advance(
    gates: torch.Tensor,
    outputs: torch.Tensor,
    damped: torch.Tensor,
    products: tuple[StateProduct, StateProduct],
    apply: Callable[[torch.Tensor], object],
) -> None:
    """Turn the input's part of the gates into the gates, and fill the other buffers, step by step."""
    of_pair, of_candidate = products
    units = outputs.shape[2]
    states, pairs = outputs.unbind(0), gates[..., : 2 * units].unbind(0)
    update, reset, candidate = (part.unbind(0) for part in split_gates(gates))
    bend = GATES["tanh"].apply
    for step, weakened in enumerate(damped.expand(len(gates), -1, -1).unbind(0)):
        apply(of_pair.add(pairs[step], states[step]))
        torch.mul(reset[step], states[step], out=weakened)
        bend(of_candidate.add(candidate[step], weakened))
        torch.lerp(candidate[step], states[step], update[step], out=states[step + 1])


@opaque(
    "gru_backward",
    "(Tensor?[] inputs, Tensor[] kept, Tensor?[] grads, str gate, bool wants_sequences) -> Tensor[]",
    shape_derivatives,
)
def derive(values: Values, kept: Tensors, grads: Values, gate: str, wants_sequences: bool) -> Tensors:
    """Return the derivatives; see `Recurrence`."""
    inputs = Inputs(*values)
    _, outputs, damped, kernel, gates, *projection = kept
    before = outputs[:-1]
    _, reset, _ = split_gates(gates)
    by_reset = torch.empty_like(before)
    GATES[gate].weigh(before, reset, by_reset)
    by_output = start_derivative(grads[1], outputs[0])
    factors = (*weigh_update(outputs, gates, gate), by_reset)
    products = split_product(kernel, inputs.drops)
    changes = _recede(gates, factors, products, by_output, unbind_derivative(grads[0]))
    slopes, _ = list_gru_rows(inputs, gate)
    pair = 2 * len(kernel)
    by_kernel = torch.cat(
        [
            products[0].derive_kernel(before, changes[..., :pair]),
            products[1].derive_kernel(damped, changes[..., pair:]),
        ],
        dim=1,
    )
    found = derive_projection(inputs, projection, changes, slopes, wants_sequences)
    return [*found, by_kernel.mul_(slopes), *drop_states(inputs, by_output)]


def _recede(
    gates: torch.Tensor,
    factors: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    products: tuple[StateProduct, StateProduct],
    by_output: torch.Tensor,
    by_outputs: Sequence[torch.Tensor] | None,
) -> torch.Tensor:
    """Go through the steps from the last to the first.

    Args:
        gates: as `run` kept them.
        products: of states and kernel.
        factors: by update, candidate and reset.
        by_output: the derivative by the last output; it becomes that by the first state.
        by_outputs: derivatives by each step's output.

    Returns:
        The derivative by the scaled gates before their activation.
    """
    of_pair, of_damped = products
    changes, by_damped = torch.empty_like(gates), torch.empty_like(by_output)
    of_update, of_reset, of_candidate = (part.unbind(0) for part in split_gates(changes))
    from_update, from_candidate, from_reset = (factor.unbind(0) for factor in factors)
    update, reset, _ = (part.unbind(0) for part in split_gates(gates))
    pairs = changes[..., : 2 * by_output.shape[1]].unbind(0)
    for step in reversed(range(len(gates))):
        if by_outputs is not None:
            by_output.add_(by_outputs[step])
        torch.mul(by_output, from_update[step], out=of_update[step])
        torch.mul(by_output, from_candidate[step], out=of_candidate[step])
        of_damped.derive(of_candidate[step], by_damped, 0)
        torch.mul(by_damped, from_reset[step], out=of_reset[step])
        by_output.mul_(update[step]).addcmul_(by_damped, reset[step])
        of_pair.derive(pairs[step], by_output, 1)
    return changes


def repeat(inputs: Inputs, gate: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return all outputs and the last one by operations that can be differentiated again."""
    apply, output = PLAIN[gate], inputs.fill_states().output
    outputs = []
    units = inputs.recurrent_kernel.shape[0]
    gates_kernel, candidate_kernel = inputs.recurrent_kernel.split([2 * units, units], 1)
    of_pair, of_candidate = (None, None) if inputs.drops is None else (inputs.drops[:2], inputs.drops[2])
    for step, counts in zip(*list_plain_steps(inputs), strict=True):
        pair = step[:, : 2 * units] + multiply_plainly(output, gates_kernel, of_pair)
        update, reset = apply(pair).chunk(2, 1)
        product = multiply_plainly(reset * output, candidate_kernel, of_candidate)
        candidate = torch.tanh(step[:, 2 * units :] + product)
        output = hold(counts, update * output + (1 - update) * candidate, output)
        outputs.append(output)
    return torch.stack(outputs, 1), output


GRU = Recurrence(run, derive, repeat)
