"""Gradients by rows of large tables, of which a step reads few."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from engine.backend.gradients import differentiate
from engine.backend.lowering import run_effect
from engine.backend.optimization import STEPS_BY_ROWS, apply_step
from engine.backend.rewriting import find_calls, read_arguments, read_captured, replace_call
from engine.backend.shaping import gather

# Gradients of smaller tables cost less than the handling of rows.
_SMALLEST_TABLE = 2**20


def gather_by_rows(table: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """As `K.gather` from a table of two axes, with a sparse derivative: the rows that were read."""
    return torch.nn.functional.embedding(indices.long().to(table.device), table, sparse=True)


def differentiate_by_rows(graph: fx.Graph) -> None:
    """Give optimizers that take them the gradients of large tables as rows.

    It applies where the gradient goes nowhere but to the optimizer's step: clipping, say, wants all of it.
    """
    calls = list(find_calls(graph, gather.compute))  # type: ignore[attr-defined]
    candidates = {call: read_arguments(call)["reference"] for call in calls}
    tables = {table for table in candidates.values() if _is_large_table(table)}
    if not tables:
        return
    fitting = {table for table in tables if _goes_to_step_alone(graph, table)}
    for call, table in candidates.items():
        if table in fitting:
            replace_call(call, gather_by_rows, table, read_arguments(call)["indices"])


def _is_large_table(node: Any) -> bool:
    value = read_captured(node)
    return isinstance(value, torch.Tensor) and value.ndim == 2 and value.numel() >= _SMALLEST_TABLE


def _goes_to_step_alone(graph: fx.Graph, table: fx.Node) -> bool:
    """Tell whether there is a gradient by the table, and all of them are read by fitting steps only."""
    found = [
        getter
        for call in find_calls(graph, differentiate)
        if table in call.args[1] and not call.kwargs.get("create_graph")  # type: ignore[operator]
        for getter in call.users
        if getter.target is operator.getitem and call.args[1][getter.args[1]] is table  # type: ignore[index]
    ]
    return bool(found) and all(_is_fitting_step(user) for getter in found for user in getter.users)


def _is_fitting_step(node: fx.Node) -> bool:
    if node.target is not run_effect:
        return False
    function, step = (read_captured(argument) for argument in node.args[:2])
    return function is apply_step and step in STEPS_BY_ROWS
