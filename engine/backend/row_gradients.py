"""Gradients of large tables in memory that stays from step to step, cleared where the step before wrote.

A step reads few rows of a large `Embedding`, so most of its gradient are zeros. Made anew each time they cost more
than all that is added to them.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from engine.backend.optimization import apply_step
from engine.backend.recording import Call, Value, list_values

# Smaller tables are cleared as fast as anything.
_SMALLEST_TABLE = 2**20
_BACKWARD = torch.ops.aten.embedding_dense_backward.default


def keep_row_gradients(calls: Sequence[Call], known: Mapping[int, torch.Tensor], outputs: Any) -> list[Call]:
    """Return calls with the same results in which gradients that go to the optimizer alone lie in kept memory.

    Args:
        calls: the calls, in order.
        known: the tensors that stay, by the numbers of their values.
        outputs: what the calls give away.
    """
    uses = Counter(value.number for call in calls for value in list_values((call.args, call.kwargs)))
    uses.update(value.number for value in list_values(outputs))
    tables = _find_tables(calls, known)
    return [
        replace(call, function=functools.partial(_add_rows, tables[call.results.number]))
        if call.function is _BACKWARD and uses[call.results.number] == 1 and _is_fit(call, tables)
        else call
        for call in calls
    ]


def _find_tables(calls: Sequence[Call], known: Mapping[int, torch.Tensor]) -> dict[int, torch.Tensor]:
    """Return the weights of optimizer steps by the numbers of their gradients. Steps only read gradients."""
    return {
        gradient.number: known[parameter.number]
        for call in calls
        if call.function is apply_step
        for parameter, gradient in zip(call.args[1], call.args[2], strict=True)
        if isinstance(gradient, Value) and parameter.number in known
    }


def _is_fit(call: Call, tables: Mapping[int, torch.Tensor]) -> bool:
    table = tables.get(call.results.number)
    _, _, rows, padding, scale_by_frequency = call.args
    return (
        table is not None
        and table.device.type == "cpu"
        and table.is_contiguous()
        and table.numel() >= _SMALLEST_TABLE
        and (rows, padding, scale_by_frequency) == (len(table), -1, False)
    )


def _add_rows(table: torch.Tensor, gradient: torch.Tensor, indices: torch.Tensor, *_: Any) -> torch.Tensor:
    """Return the gradient of a table by those of the rows that were read, added in their order."""
    kept = getattr(table, "_row_gradient", None)
    if kept is None:
        whole = torch.zeros_like(table, requires_grad=False)
    else:
        whole, before = kept
        whole.index_fill_(0, before, 0.0)
    rows = indices.reshape(-1).to(torch.int64, copy=True)
    whole.index_add_(0, rows, gradient.reshape(-1, table.shape[1]))
    table._row_gradient = whole, rows  # type: ignore[attr-defined]
    return whole
