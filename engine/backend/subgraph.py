"""A Python function of tensors, traced once for operations that run it many times: `rnn`, `map_fn`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.backend.learning_phase import LearningPhase
from engine.backend.lowering import Lowering, PhaseDependent
from engine.backend.variable import Constant
from engine.graph import Operation, Tensor, sort_operations


class Subgraph:
    """What a function of placeholders computes, and what it reads from outside.

    An operation lies inside when it depends on a placeholder, or gives a new value each run and was recorded
    by the function itself. Everything else is computed once, outside, and comes in as a free tensor.

    Args:
        placeholders: what the function was called with.
        outputs: what it gave.
        since: serial number of the first operation that the function recorded; see `next_serial`.
        holds_all: whether everything that the function recorded lies inside, as for a branch that may not run.
    """

    def __init__(
        self,
        placeholders: Sequence[Tensor],
        outputs: Sequence[Tensor],
        since: int,
        holds_all: bool = False,
    ) -> None:
        self.placeholders = list(placeholders)
        self.outputs = list(outputs)
        operations = sort_operations(self.outputs, known=self.placeholders)
        inside_tensors = {id(tensor) for tensor in self.placeholders}
        free: dict[int, Tensor] = {}
        inside: list[Operation] = []
        for operation in operations:
            own = operation.serial >= since and (holds_all or operation.is_source)
            if own or any(id(tensor) in inside_tensors for tensor in operation.inputs):
                inside.append(operation)
                inside_tensors.update(id(tensor) for tensor in operation.outputs)
        for tensor in [*self.outputs, *(tensor for operation in inside for tensor in operation.inputs)]:
            if id(tensor) not in inside_tensors and not isinstance(tensor, (Constant, LearningPhase)):
                free.setdefault(id(tensor), tensor)
        self.free = list(free.values())

    def specialise(self, phase: int) -> Callable[..., tuple[Any, ...]]:
        """Return the function of the placeholders' values followed by the free tensors' values."""
        lowering = Lowering([*self.placeholders, *self.free], self.outputs, phase=phase)
        forward = lowering.compile()
        captured = lowering.captured

        def run(*values: Any) -> tuple[Any, ...]:
            return forward(*values, *captured)

        return run


def next_serial() -> int:
    """Return a number below the serial of every operation that will be recorded from now on."""
    return Operation(len).serial


class Branches(PhaseDependent):
    """An operation that runs one of two subgraphs, of which the other costs nothing.

    Args:
        subgraphs: what runs where the condition holds, and what runs elsewhere.
    """

    def __init__(self, *subgraphs: Subgraph) -> None:
        self.subgraphs = subgraphs

    def specialise(self, phase: int) -> Callable[..., Any]:
        """Return the choice for one learning phase."""
        if_true, if_false = (subgraph.specialise(phase) for subgraph in self.subgraphs)

        def run(condition: Any, *free: Sequence[Any]) -> Any:
            (value,) = if_true(*free[0]) if bool(condition) else if_false(*free[1])
            return value

        return run


class Loop(PhaseDependent):
    """An operation that runs a subgraph many times.

    Args:
        subgraph: what is run.
        drive: called with the specialised subgraph, then the operation's own arguments.
    """

    def __init__(self, subgraph: Subgraph, drive: Callable[..., Any]) -> None:
        self.subgraph = subgraph
        self.drive = drive
        self.__name__ = drive.__name__

    def specialise(self, phase: int) -> Callable[..., Any]:
        """Return the loop for one learning phase."""
        step = self.subgraph.specialise(phase)
        drive = self.drive

        def run(*args: Any, **kwargs: Any) -> Any:
            return drive(step, *args, **kwargs)

        return run
