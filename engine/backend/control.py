"""Choosing, stopping and watching values (manual, section 14.5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from engine.backend.inference import infer
from engine.backend.subgraph import Branches, Subgraph, next_serial
from engine.backend.symbolic import SymbolicTensor, operation, record
from engine.backend.tensors import constant, is_tensor


@operation
def _choose(condition: Any, then_value: Any, else_value: Any) -> Any:
    values = [value for value in (then_value, else_value) if isinstance(value, torch.Tensor)]
    rank = max((value.ndim for value in values), default=0)
    if condition.ndim:
        condition = condition.reshape(*condition.shape, *[1] * (rank - condition.ndim))
    if values:
        condition = condition.to(values[0].device)
    return torch.where(condition.bool(), then_value, else_value)


def _count_axes(value: Any) -> int:
    return len(value.shape) if is_tensor(value) else np.ndim(value)


def _trace_branch(expression: Any) -> Subgraph:
    since = next_serial()
    value = expression() if callable(expression) else expression
    symbolic = value if isinstance(value, SymbolicTensor) else constant(value, getattr(value, "dtype", None))
    return Subgraph([], [symbolic], since, holds_all=True)


def _branch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Run one of two functions; what the other one would compute is left out."""
    if not isinstance(condition, SymbolicTensor):
        chosen = then_expression if bool(condition) else else_expression
        return chosen() if callable(chosen) else chosen
    subgraphs = [_trace_branch(expression) for expression in (then_expression, else_expression)]
    outputs: list[Any] = [subgraph.outputs[0] for subgraph in subgraphs]
    # Shapes are those of either one, merged where they can be.
    results = infer(_choose.compute, (torch.empty((), device="meta"), *outputs), {})  # type: ignore[attr-defined]
    branches: Any = Branches(*subgraphs)
    result = record(branches, (condition, *(subgraph.free for subgraph in subgraphs)), results=results)
    result._uses_learning_phase |= any(output._uses_learning_phase for output in outputs)
    return result


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Choose between two tensors of the same shape.

    Args:
        condition: one boolean or number for all, one for each sample, or one for each element.
        then_expression: chosen where `condition` holds: a tensor, or a function without arguments that gives
            one.
        else_expression: likewise, chosen elsewhere. Of functions only the chosen one is run, where `condition`
            is a single value.

    Raises:
        ValueError: `condition` has more axes than the expressions.
    """
    if not is_tensor(condition) and not np.ndim(condition):
        chosen = then_expression if condition else else_expression
        return chosen() if callable(chosen) else chosen
    if not _count_axes(condition) and (callable(then_expression) or callable(else_expression)):
        return _branch(condition, then_expression, else_expression)
    then_value = then_expression() if callable(then_expression) else then_expression
    else_value = else_expression() if callable(else_expression) else else_expression
    rank = max(_count_axes(value) for value in (then_value, else_value))
    if _count_axes(condition) > rank:
        raise ValueError(
            f"`condition` has more axes ({_count_axes(condition)}) than the expressions ({rank}). Reduce it first."
        )
    return _choose(condition, then_value, else_value)


@operation
def _detach(x: Any) -> Any:
    return x.detach()


def stop_gradient(variables: Any) -> Any:
    """Return a tensor, or a list of tensors, that counts as constant when derivatives are taken."""
    if isinstance(variables, (list, tuple)):
        return [_detach(variable) for variable in variables]
    return _detach(variables)


@operation
def print_tensor(x: Any, message: str = "") -> Any:
    """Return `x`, and print `message` and its value each time it is computed."""
    if x.device.type != "meta":
        print(f"{message}{x.detach().cpu().numpy()}", flush=True)
    return x.view_as(x)
