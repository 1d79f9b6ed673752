"""Choosing, stopping and watching values (manual, section 14.5)."""

from __future__ import annotations

from typing import Any

import torch

from engine.backend.symbolic import operation
from engine.backend.tensors import is_tensor, ndim


@operation
def _choose(condition: Any, then_value: Any, else_value: Any) -> Any:
    values = [value for value in (then_value, else_value) if isinstance(value, torch.Tensor)]
    rank = max((value.ndim for value in values), default=0)
    if condition.ndim:
        condition = condition.reshape(*condition.shape, *[1] * (rank - condition.ndim))
    if values:
        condition = condition.to(values[0].device)
    return torch.where(condition.bool(), then_value, else_value)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Choose between two tensors of the same shape.

    Args:
        condition: one boolean or number for all, one for each sample, or one for each element.
        then_expression: chosen where `condition` holds: a tensor, or a function without arguments that gives
            one.
        else_expression: likewise, chosen elsewhere.

    Raises:
        ValueError: `condition` has more axes than the expressions.
    """
    if not is_tensor(condition):
        chosen = then_expression if condition else else_expression
        return chosen() if callable(chosen) else chosen
    then_value = then_expression() if callable(then_expression) else then_expression
    else_value = else_expression() if callable(else_expression) else else_expression
    rank = max(ndim(value) if is_tensor(value) else 0 for value in (then_value, else_value))
    if ndim(condition) > rank:
        raise ValueError(
            f"`condition` has more axes ({ndim(condition)}) than the expressions ({rank}). Reduce it first."
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
