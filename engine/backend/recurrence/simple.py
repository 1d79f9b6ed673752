"""The fully connected recurrence over whole sequences: forward, and its derivative written out."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.backend.opaque import opaque
from engine.backend.recurrence.differentiation import Recurrence, Tensors, Values, shape_derivatives
from engine.backend.recurrence.gates import GATES, PLAIN, list_rows
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
    unbind_derivative,
)
from engine.backend.recurrence.products import StateProduct, multiply_plainly


def _list_rows(inputs: Inputs, activation: str) -> tuple[torch.Tensor, torch.Tensor]:
    kernel = inputs.recurrent_kernel
    return list_rows((activation,), kernel.shape[0], kernel.dtype, kernel.device)


def _shape_run(values: Values, activation: str, keeps: bool) -> Tensors:
    inputs = Inputs(*values)
    outputs, *projection = (torch.empty_like(value) for value in shape_projection(inputs))
    return [outputs, torch.empty_like(inputs.recurrent_kernel), *projection] if keeps else [outputs]


@opaque("simple_rnn", "(Tensor?[] inputs, str activation, bool keeps) -> Tensor[]", _shape_run)
def run(values: Values, activation: str, keeps: bool) -> Tensors:
    """Run the steps; see `Recurrence`."""
    inputs = Inputs(*values)
    slopes, offsets = _list_rows(inputs, activation)
    outputs, *projection = project(inputs, slopes, offsets)
    saturate(outputs, inputs.mask, (0,))
    kernel = inputs.recurrent_kernel * slopes
    product = StateProduct(kernel, inputs.drops)
    apply, held, state = GATES[activation].apply, list_held(inputs), inputs.fill_states().output
    for step, output in enumerate(outputs.unbind(0)):
        apply(product.add(output, state))
        if held is not None:
            torch.lerp(output, state, held[step], out=output)
        state = output
    return [outputs, kernel, *projection] if keeps else [outputs]


@opaque(
    "simple_rnn_backward",
    "(Tensor?[] inputs, Tensor[] kept, Tensor?[] grads, str activation, bool wants_sequences) -> Tensor[]",
    shape_derivatives,
)
def derive(values: Values, kept: Tensors, grads: Values, activation: str, wants_sequences: bool) -> Tensors:
    """Return the derivatives; see `Recurrence`."""
    inputs = Inputs(*values)
    outputs, kernel, *projection = kept
    factors = torch.empty_like(outputs)
    counts = torch.ones_like(outputs)
    if inputs.mask is not None:
        counts.mul_(inputs.mask.t().unsqueeze(2))
    GATES[activation].weigh(counts, outputs, factors)
    by_output = start_derivative(grads[1], outputs[0])
    product = StateProduct(kernel, inputs.drops)
    changes = _recede(factors, product, by_output, unbind_derivative(grads[0]), list_held(inputs))
    slopes, _ = _list_rows(inputs, activation)
    by_kernel = product.derive_kernel(outputs[:-1], changes[1:])
    if inputs.output is not None:
        by_kernel += product.derive_kernel(inputs.output.unsqueeze(0), changes[:1])
    found = derive_projection(inputs, projection, changes, slopes, wants_sequences)
    return [*found, by_kernel.mul_(slopes), *drop_states(inputs, by_output)]


def _recede(
    factors: torch.Tensor,
    product: StateProduct,
    by_output: torch.Tensor,
    by_outputs: Sequence[torch.Tensor] | None,
    held: Tensors | None,
) -> torch.Tensor:
    """Return the derivative by the scaled sums before the activation; `by_output` becomes that by the state."""
    changes = torch.empty_like(factors)
    for step, (change, factor) in reversed(
        list(enumerate(zip(changes.unbind(0), factors.unbind(0), strict=True)))
    ):
        if by_outputs is not None:
            by_output.add_(by_outputs[step])
        torch.mul(by_output, factor, out=change)
        if held is not None:
            by_output.mul_(held[step])
        product.derive(change, by_output, 0 if held is None else 1)
    return changes


def repeat(inputs: Inputs, activation: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return all outputs and the last one by operations that can be differentiated again."""
    apply, output = PLAIN[activation], inputs.fill_states().output
    outputs = []
    for step, counts in zip(*list_plain_steps(inputs), strict=True):
        output = hold(
            counts, apply(step + multiply_plainly(output, inputs.recurrent_kernel, inputs.drops)), output
        )
        outputs.append(output)
    return torch.stack(outputs, 1), output


SIMPLE = Recurrence(run, derive, repeat)
