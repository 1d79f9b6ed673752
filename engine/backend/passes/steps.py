"""Sequences of rows of tables laid out step by step, as recurrences read them."""

from __future__ import annotations

import torch
from torch import fx

from engine.backend.recurrence import READING_BY_STEPS
from engine.backend.rewriting import find_calls, read_arguments, replace_call
from engine.backend.shaping import gather, reverse


def gather_by_steps(table: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """As `K.gather`, but one step of all sequences lies behind the other in memory."""
    if indices.ndim != 2:
        return gather.compute(table, indices)  # type: ignore[attr-defined]
    return gather.compute(table, indices.t()).transpose(0, 1)  # type: ignore[attr-defined]


def lay_out_by_steps(graph: fx.Graph) -> None:
    """Gather sequences in the order in which recurrences read them, where nobody else does.

    Otherwise each recurrence copies them into that order, and their derivative back.
    """
    for call in find_calls(graph, gather.compute):  # type: ignore[attr-defined]
        if _is_read_by_steps(call):
            replace_call(call, gather_by_steps, *read_arguments(call).values())


def _is_read_by_steps(node: fx.Node) -> bool:
    return all(
        user.target in READING_BY_STEPS or (user.target is reverse.compute and _is_read_by_steps(user))  # type: ignore[attr-defined]
        for user in node.users
    )
