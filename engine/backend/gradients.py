"""Derivatives of one tensor with respect to others, as a recorded operation."""

from __future__ import annotations

from typing import Any

import torch

from engine.backend.precision import in_own_types
from engine.backend.symbolic import SymbolicTensor, record


def differentiate(
    loss: torch.Tensor, variables: list[torch.Tensor], create_graph: bool = False, retain_graph: bool = False
) -> list[torch.Tensor]:
    """Return the derivative of the sum of `loss` with respect to each variable; zeros where it has none."""
    if not loss.requires_grad:
        return [torch.zeros_like(variable) for variable in variables]
    # Each derivative has the type in which its operation was computed, whatever the precision.
    with in_own_types():
        gradients = torch.autograd.grad(
            loss if loss.ndim == 0 else loss.sum(),
            variables,
            create_graph=create_graph,
            retain_graph=retain_graph or create_graph,
            allow_unused=True,
        )
    return [
        torch.zeros_like(variable) if gradient is None else gradient
        for gradient, variable in zip(gradients, variables, strict=True)
    ]


def gradients(loss: Any, variables: Any) -> list[Any]:
    """Return the derivatives of `loss` with respect to each of `variables`.

    Args:
        loss: a symbolic tensor; where it has several elements their sum is meant.
        variables: variables, placeholders or any tensors that `loss` depends on; one or a list.

    Returns:
        A list of symbolic tensors with the variables' shapes; zeros where `loss` does not depend on one.
    """
    if isinstance(variables, SymbolicTensor):
        variables = [variables]
    variables = list(variables)
    if not variables:
        return []
    examples = tuple([variable.examples[run] for variable in variables] for run in (0, 1))
    results = record(differentiate, (loss, variables), results=(examples[0], examples[1]))
    for result, variable in zip(results, variables, strict=True):
        result.shape = variable.shape
    return results
