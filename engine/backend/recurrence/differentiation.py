"""Recurrences with written-out derivatives as functions that autograd differentiates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from engine.backend.recurrence.inputs import Inputs
from engine.backend.symbolic import SymbolicTensor, record

Values = list[torch.Tensor | None]
Tensors = list[torch.Tensor]


@dataclass(frozen=True)
class Recurrence:
    """A cell, run over all steps.

    Args:
        run: takes an `Inputs` as a list, the name of an activation and whether a derivative will be asked for. It
            gives all outputs (steps, batch, units), the last carry where there is one, and what it keeps.
        derive: takes the same list, what `run` gave, derivatives by all outputs (batch, steps, units), the last
            output and the last carry, the activation, and whether the sequences' derivative is wanted. It gives
            those of `Inputs.list_derived`.
        repeat: gives all outputs (batch, steps, units), the last output and the last carry by operations that can
            be differentiated any number of times.
        has_carry: whether the cell has a second state.
    """

    run: Callable[[Values, str, bool], Tensors]
    derive: Callable[[Values, Tensors, Values, str, bool], Tensors]
    repeat: Callable[[Inputs, str], tuple[torch.Tensor, ...]]
    has_carry: bool = False

    def show(self, found: Tensors) -> tuple[torch.Tensor, ...]:
        """Return all outputs (batch, steps, units), the last one, and the last carry."""
        results = (found[0].transpose(0, 1), found[0][-1])
        return (*results, found[1]) if self.has_carry else results


def shape_derivatives(
    values: Values, kept: Tensors, grads: Values, activation: str, wants_sequences: bool
) -> Tensors:
    """Return what `derive` of a recurrence gives, without values."""
    return [torch.empty_like(value) for value in Inputs(*values).list_derived(wants_sequences)]


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, recurrence: Recurrence, activation: str, *values: torch.Tensor | None
    ) -> tuple[torch.Tensor, ...]:
        ctx.set_materialize_grads(False)
        ctx.recurrence, ctx.activation = recurrence, activation
        found = recurrence.run(list(values), activation, True)
        # Results that hold on to the context must not be held by it, or memory waits for the garbage collector.
        ctx.kept = [value.detach() for value in found]
        ctx.save_for_backward(*values)
        return recurrence.show(found)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        inputs = Inputs(*ctx.saved_tensors)
        if torch.is_grad_enabled():
            return None, None, *_differentiate_again(ctx.recurrence.repeat, inputs, ctx.activation, grads)
        wants_sequences = ctx.needs_input_grad[2]
        found = iter(
            ctx.recurrence.derive(list(inputs), ctx.kept, list(grads), ctx.activation, wants_sequences)
        )
        has_derivative = inputs.leave_out_masks()
        if not wants_sequences:
            has_derivative = has_derivative._replace(sequences=None)
        return None, None, *(None if value is None else next(found) for value in has_derivative)


def _differentiate_again(
    repeat: Callable[[Inputs, str], tuple[torch.Tensor, ...]],
    inputs: Inputs,
    activation: str,
    grads: tuple[torch.Tensor | None, ...],
) -> list[torch.Tensor | None]:
    """Return the derivatives by operations that can be differentiated themselves."""
    needed = [value for value in inputs if value is not None and value.requires_grad]
    with torch.enable_grad():
        results = repeat(inputs, activation)
        pairs = [(result, grad) for result, grad in zip(results, grads, strict=True) if grad is not None]
        found = iter(
            torch.autograd.grad(
                [result for result, _ in pairs],
                needed,
                [grad for _, grad in pairs],
                create_graph=True,
                allow_unused=True,
            )
        )
    return [next(found) if value is not None and value.requires_grad else None for value in inputs]


def compute(recurrence: Recurrence, activation: str, inputs: Inputs) -> tuple[torch.Tensor, ...]:
    """Run a recurrence.

    Returns:
        All outputs (batch, steps, units), the last output, and the last further states.
    """
    if torch.is_grad_enabled() and any(value is not None and value.requires_grad for value in inputs):
        return _Run.apply(recurrence, activation, *inputs)
    return recurrence.show(recurrence.run(list(inputs), activation, False))


def run_or_record(
    function: Callable[..., tuple[torch.Tensor, ...]], inputs: Inputs, has_carry: bool, *settings: Any
) -> tuple[Any, ...]:
    """Call a function with settings and `inputs`, or record the call where one of them is symbolic.

    Args:
        function: a function of this package's, which gives what `compute` gives.
        inputs: what the recurrence reads.
        has_carry: whether it gives a carry.
        settings: further arguments, in front of `inputs`.
    """
    if not any(isinstance(value, SymbolicTensor) for value in inputs):
        return function(*settings, *inputs)

    def example(run: int) -> tuple[torch.Tensor, ...]:
        sequences, units = inputs.sequences.examples[run], inputs.recurrent_kernel.shape[-2]
        # Films have the time first.
        first = sequences if sequences.ndim == 3 else sequences.transpose(0, 1)
        outputs = sequences.new_empty(*first.shape[:-1], units, device="meta")
        return (outputs, outputs[:, 0], outputs[:, 0]) if has_carry else (outputs, outputs[:, 0])

    return record(function, (*settings, *inputs), results=(example(0), example(1)))
