"""One recorded computation: a function, what it is given, what it gives."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from engine.graph.structure import flatten
from engine.graph.tensor import Tensor


class Operation:
    """A function applied to tensors and plain values.

    Args:
        function: called with `args` and `kwargs` once every tensor among them has a value.
        args: positional arguments; tensors may lie anywhere in nested lists, tuples, dicts and slices.
        kwargs: keyword arguments, likewise.
        is_source: True for a function that gives a new value each run, such as random numbers.
    """

    _made = itertools.count()

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        is_source: bool = False,
    ) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs or {}
        self.is_source = is_source
        # Tells which of two operations was recorded first.
        self.serial = next(self._made)
        self.inputs: list[Tensor] = [
            value for value in flatten((self.args, self.kwargs)) if isinstance(value, Tensor)
        ]
        self.outputs: list[Tensor] = []
        # Whether the function gives a sequence of tensors; its outputs are then its items.
        self.returns_sequence = False
        # Where the function runs; None for the default device.
        self.device: Any = None

    @property
    def name(self) -> str:
        """The function's name."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    def __repr__(self) -> str:
        return f"<Operation {self.name}>"
