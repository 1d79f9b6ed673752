"""Assignments that run with a function: what `K.update` returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.backend.symbolic import SymbolicTensor, record
from engine.backend.variable import Variable
from engine.graph import Operation


class Update:
    """A variable and the value it is to take once a function has computed everything."""

    def __init__(self, variable: Variable, value: Any) -> None:
        self.variable = variable
        self.value = value

    def __repr__(self) -> str:
        return f"<Update of {self.variable.name!r}>"


class Effect:
    """A call that writes into variables by itself, after everything that reads them."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation

    def __repr__(self) -> str:
        return f"<Effect {self.operation.name}>"


def mutate(function: Callable[..., None], *args: Any, **kwargs: Any) -> Effect:
    """Record a function that writes into the values of the variables it is given.

    Args:
        function: takes the torch tensors of the arguments and writes into them; gives nothing back.
        args, kwargs: its arguments, in any nesting.
    """
    return Effect(Operation(function, args, kwargs))


def split_updates(updates: Iterable[Any]) -> tuple[list[tuple[Variable, Any]], list[Operation]]:
    """Sort updates into assignments of values and calls with effects.

    Raises:
        TypeError: one of them is neither.
    """
    assignments: list[tuple[Variable, Any]] = []
    effects: list[Operation] = []
    for update in updates:
        if isinstance(update, Effect):
            effects.append(update.operation)
        elif isinstance(update, Update):
            assignments.append((update.variable, update.value))
        elif isinstance(update, (tuple, list)) and len(update) == 2 and isinstance(update[0], Variable):
            assignments.append((update[0], update[1]))
        else:
            raise TypeError(
                f"An update must be what K.update returns, or a (variable, value) pair. Found: {update!r}"
            )
    return assignments, effects


def update(x: Variable, new_x: Any) -> Update:
    """Assign `new_x` to the variable `x` when a function with this update runs."""
    return Update(x, new_x)


def update_add(x: Variable, increment: Any) -> Update:
    """Add `increment` to the variable `x` when a function with this update runs."""
    return Update(x, x + increment)


def update_sub(x: Variable, decrement: Any) -> Update:
    """Subtract `decrement` from the variable `x` when a function with this update runs."""
    return Update(x, x - decrement)


def _moving_average(x: Any, value: Any, momentum: Any) -> Any:
    return x * momentum + value * (1.0 - momentum)


def moving_average_update(x: Variable, value: Any, momentum: Any) -> Update:
    """Move the variable `x` to `x * momentum + value * (1 - momentum)`.

    Args:
        x: a variable.
        value: a tensor of the same shape.
        momentum: the share of the old value that is kept.
    """
    if isinstance(value, SymbolicTensor) or isinstance(momentum, SymbolicTensor):
        return Update(x, _moving_average(x, value, momentum))
    return Update(x, record(_moving_average, (x, value, momentum)))
