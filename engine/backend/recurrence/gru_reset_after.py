"""Gated recurrent units over whole sequences, the reset applied to the product: forward, and its derivative."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from engine.backend.opaque import opaque
from engine.backend.recurrence.differentiation import Recurrence, Tensors, Values, shape_derivatives
from engine.backend.recurrence.gates import GATES, PLAIN
from engine.backend.recurrence.gru import list_gru_rows, shape_gru, split_gates, start_gru, weigh_update
from engine.backend.recurrence.inputs import (
    Inputs,
    derive_projection,
    drop_states,
    hold,
    list_plain_steps,
    start_derivative,
    unbind_derivative,
)
from engine.backend.recurrence.products import StateProduct, multiply_plainly


def _shape_run(values: Values, gate: str, keeps: bool) -> Tensors:
    outputs, kernel, gates, *projection = shape_gru(Inputs(*values))
    kept = [outputs, torch.empty_like(gates), kernel, gates, *projection]
    return [outputs[1:], *kept] if keeps else [outputs[1:]]


@opaque("gru_reset_after", "(Tensor?[] inputs, str gate, bool keeps) -> Tensor[]", _shape_run)
def run(values: Values, gate: str, keeps: bool) -> Tensors:
    """Run the steps; see `Recurrence`."""
    inputs = Inputs(*values)
    outputs, gates, kernel, projection = start_gru(inputs, gate)
    # Without a derivative all steps work in the same place.
    products = torch.empty_like(gates if keeps else gates[:1])
    slopes, _ = list_gru_rows(inputs, gate)
    bias = torch.zeros_like(slopes) if inputs.recurrent_bias is None else inputs.recurrent_bias * slopes
    _advance(gates, outputs, products, StateProduct(kernel, inputs.drops), bias, GATES[gate].apply)
    return [outputs[1:], outputs, products, kernel, gates, *projection] if keeps else [outputs[1:]]


def _advance(
    gates: torch.Tensor,
    outputs: torch.Tensor,
    products: torch.Tensor,
    product: StateProduct,
    bias: torch.Tensor,
    apply: Callable[[torch.Tensor], object],
) -> None:
    """Turn the input's part of the gates into the gates, and fill the other buffers, step by step."""
    steps, pair = len(gates), 2 * outputs.shape[2]
    states, wholes = outputs.unbind(0), products.expand(steps, -1, -1).unbind(0)
    pairs, products_of_pairs = gates[..., :pair].unbind(0), [whole[:, :pair] for whole in wholes]
    products_of_candidates = [whole[:, pair:] for whole in wholes]
    update, reset, candidate = (part.unbind(0) for part in split_gates(gates))
    bend = GATES["tanh"].apply
    for step in range(steps):
        product.add(wholes[step].copy_(bias), states[step])
        apply(pairs[step].add_(products_of_pairs[step]))
        bend(candidate[step].addcmul_(reset[step], products_of_candidates[step]))
        torch.lerp(candidate[step], states[step], update[step], out=states[step + 1])


@opaque(
    "gru_reset_after_backward",
    "(Tensor?[] inputs, Tensor[] kept, Tensor?[] grads, str gate, bool wants_sequences) -> Tensor[]",
    shape_derivatives,
)
def derive(values: Values, kept: Tensors, grads: Values, gate: str, wants_sequences: bool) -> Tensors:
    """Return the derivatives; see `Recurrence`."""
    inputs = Inputs(*values)
    _, outputs, products, kernel, gates, *projection = kept
    _, reset, _ = split_gates(gates)
    by_reset = torch.empty_like(outputs[1:])
    GATES[gate].weigh(products[..., 2 * len(kernel) :], reset, by_reset)
    product = StateProduct(kernel, inputs.drops)
    by_output = start_derivative(grads[1], outputs[0])
    factors = (*weigh_update(outputs, gates, gate), by_reset)
    changes, product_changes = _recede(gates, factors, product, by_output, unbind_derivative(grads[0]))
    slopes, _ = list_gru_rows(inputs, gate)
    flat = product_changes.flatten(0, 1)
    found = derive_projection(inputs, projection, changes, slopes, wants_sequences)
    found.append(product.derive_kernel(outputs[:-1], product_changes).mul_(slopes))
    if inputs.recurrent_bias is not None:
        found.append(flat.sum(0).mul_(slopes))
    return [*found, *drop_states(inputs, by_output)]


def _recede(
    gates: torch.Tensor,
    factors: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    product: StateProduct,
    by_output: torch.Tensor,
    by_outputs: Sequence[torch.Tensor] | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Go through the steps from the last to the first.

    Args:
        gates: as `run` kept them.
        product: of states and kernel.
        factors: by update, candidate and reset.
        by_output: the derivative by the last output; it becomes that by the first state.
        by_outputs: derivatives by each step's output.

    Returns:
        Derivatives by the scaled gates before their activation: by the input's part, and by the state's.
    """
    changes, product_changes = gates.new_empty(2, *gates.shape)
    of_update, of_reset, of_candidate = (part.unbind(0) for part in split_gates(changes))
    from_update, from_candidate, from_reset = (factor.unbind(0) for factor in factors)
    update, reset, _ = (part.unbind(0) for part in split_gates(gates))
    pair = 2 * by_output.shape[1]
    of_product = product_changes[..., pair:].unbind(0)
    pairs, product_pairs = changes[..., :pair].unbind(0), product_changes[..., :pair].unbind(0)
    wholes = product_changes.unbind(0)
    for step in reversed(range(len(gates))):
        if by_outputs is not None:
            by_output.add_(by_outputs[step])
        torch.mul(by_output, from_update[step], out=of_update[step])
        torch.mul(by_output, from_candidate[step], out=of_candidate[step])
        torch.mul(of_candidate[step], from_reset[step], out=of_reset[step])
        torch.mul(of_candidate[step], reset[step], out=of_product[step])
        product_pairs[step].copy_(pairs[step])
        product.derive(wholes[step], by_output.mul_(update[step]), 1)
    return changes, product_changes


def repeat(inputs: Inputs, gate: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return all outputs and the last one by operations that can be differentiated again."""
    apply, output = PLAIN[gate], inputs.fill_states().output
    outputs = []
    pair = 2 * inputs.recurrent_kernel.shape[0]
    for step, counts in zip(*list_plain_steps(inputs), strict=True):
        product = multiply_plainly(output, inputs.recurrent_kernel, inputs.drops)
        if inputs.recurrent_bias is not None:
            product = product + inputs.recurrent_bias
        update, reset = apply(step[:, :pair] + product[:, :pair]).chunk(2, 1)
        candidate = torch.tanh(step[:, pair:] + reset * product[:, pair:])
        output = hold(counts, update * output + (1 - update) * candidate, output)
        outputs.append(output)
    return torch.stack(outputs, 1), output


GRU_RESET_AFTER = Recurrence(run, derive, repeat)
