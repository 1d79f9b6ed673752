"""Keeping torch from importing its compiler where only shapes are inferred.

On tensors without data many of torch's functions run as Python, and that imports the compiler at its first call
to tell it something that matters within compiled code alone: most of a second of each process, and 40 MiB.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import torch
from torch._decomp import global_decomposition_table

_MARK = torch._disable_dynamo(print).__code__


def _list_inner_functions(function: FunctionType) -> Iterator[FunctionType]:
    """Yield what a function wraps, outer ones first. The attribute `__wrapped__` skips some."""
    for cell in function.__closure__ or ():
        if isinstance(cell.cell_contents, FunctionType):
            yield cell.cell_contents
            yield from _list_inner_functions(cell.cell_contents)


def avoid_compiler_imports() -> None:
    """Let functions on tensors without data do without the compiler; they give what they gave."""
    references = [
        vars(module).values() for name, module in sys.modules.items() if name.startswith("torch._refs")
    ]
    tables = [table.values() for table in global_decomposition_table.values()]
    for outer in itertools.chain(*references, *tables):
        if not isinstance(outer, FunctionType):
            continue
        for function in (outer, *_list_inner_functions(outer)):
            if function.__code__ is _MARK:
                marked: Any = function.__closure__[_MARK.co_freevars.index("fn")].cell_contents  # type: ignore[index]
                # What torch would import the compiler for, and keep here.
                marked.__dict__.setdefault("__dynamo_disable", marked)
