"""Walking the graph from results back to their sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.graph.operation import Operation
from engine.graph.tensor import Tensor


def sort_operations(
    tensors: Iterable[Tensor],
    dependencies: Callable[[Operation], Iterable[Tensor]] = lambda operation: operation.inputs,
    known: Iterable[Tensor] = (),
) -> list[Operation]:
    """List the operations that `tensors` depend on, each after those it depends on.

    Args:
        tensors: where the walk begins.
        dependencies: which tensors an operation reads.
        known: tensors whose values are given: the walk does not look behind them.
    """
    stops = {id(tensor) for tensor in known}
    order: list[Operation] = []
    finished: set[int] = set()
    # An explicit stack: deep models would overflow Python's own.
    stack: list[tuple[Operation, bool]] = []

    def push(sources: Iterable[Tensor]) -> None:
        for tensor in sources:
            operation = tensor.operation
            if operation is not None and id(tensor) not in stops and id(operation) not in finished:
                stack.append((operation, False))

    push(reversed(list(tensors)))
    while stack:
        operation, expanded = stack.pop()
        if id(operation) in finished:
            continue
        if expanded:
            finished.add(id(operation))
            order.append(operation)
        else:
            stack.append((operation, True))
            push(reversed(list(dependencies(operation))))
    return order


def find_sources(
    tensors: Iterable[Tensor],
    dependencies: Callable[[Operation], Iterable[Tensor]] = lambda operation: operation.inputs,
    known: Iterable[Tensor] = (),
) -> list[Tensor]:
    """List the tensors without an operation (and those `known`) that `tensors` depend on, without repeats."""
    tensors = list(tensors)
    known = list(known)
    stops = {id(tensor) for tensor in known}
    sources: dict[int, Tensor] = {}
    reads = [*tensors]
    for operation in sort_operations(tensors, dependencies, known):
        reads.extend(dependencies(operation))
    for tensor in reads:
        if tensor.operation is None or id(tensor) in stops:
            sources.setdefault(id(tensor), tensor)
    return list(sources.values())
