"""A recording made into a function again: kernels called one after the other by torch's own interpreter."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import fx
from torch._ops import OpOverload
from torch.fx.node import map_aggregate

from engine.backend.interpreter import KernelSequence, NotInterpretableError
from engine.backend.memory_reuse import reuse_memory
from engine.backend.recording import Call, Recording, Value, list_values
from engine.backend.row_gradients import keep_row_gradients

# Tensors from elsewhere that are larger than this are not compared.
_MOST_COMPARED_ELEMENTS = 4096
_LITERALS = (bool, int, float, str, type(None), torch.dtype)


class NoFlatGraphError(Exception):
    """A function that can't be made into a flat graph, and why."""


def make_flat_graph(first: Recording, second: Recording, outputs: Any) -> Callable[..., Any]:
    """Return what does the same as a function of which two runs were recorded.

    Args:
        first, second: recordings with inputs of the same shapes. What differs between them depends on more than
            the inputs.
        outputs: what the second run gave, as `Recording.find_results` describes it.

    Returns:
        A function of the inputs.

    Raises:
        NoFlatGraphError: the recordings do not say all that the function does.
    """
    _check_alike(first, second)
    known = _list_known(second, outputs)
    calls = _drop_dead(second.calls, outputs, known)
    calls = keep_row_gradients(calls, known, outputs)
    kept = {*known, *(value.number for value in list_values(outputs))}
    calls = reuse_memory(calls, second.facts, kept)
    return _Assembly(known, second.inputs).assemble(calls, outputs)


def _check_alike(first: Recording, second: Recording) -> None:
    obstacle = first.obstacle or second.obstacle
    if obstacle is None and (first.calls != second.calls or first.externals != second.externals):
        obstacle = "it does not call the same kernels at each run"
    if obstacle is not None:
        raise NoFlatGraphError(obstacle)
    for number in first.externals:
        one, other = (cast(torch.Tensor, each.facts[number].tensor) for each in (first, second))
        if one is other or one.numel() > _MOST_COMPARED_ELEMENTS or not torch.equal(one, other):
            raise NoFlatGraphError("it reads tensors from elsewhere")


def _list_known(recording: Recording, outputs: Any) -> dict[int, torch.Tensor]:
    """Return what stays from run to run and what is the same at each, by the numbers of the values."""
    facts = recording.facts
    # What is given away may be written to by others.
    unsafe = recording.written | {facts[value.number].root for value in list_values(outputs)}
    return {
        number: one.tensor
        for number, one in enumerate(facts)
        if one.tensor is not None and (one.stays or one.root not in unsafe)
    }


def _drop_dead(calls: Sequence[Call], outputs: Any, known: dict[int, torch.Tensor]) -> list[Call]:
    """Return the calls that have effects or give what is used and not known."""
    used = {value.number for value in list_values(outputs)}
    kept = []
    for call in reversed(calls):
        if call.has_effects or any(value.number in used for value in list_values(call.results)):
            used.update(value.number for value in list_values((call.args, call.kwargs)))
            used.difference_update(known)
            kept.append(call)
    return kept[::-1]


class _Assembly:
    """Calls put together to one function.

    Args:
        known: the tensors that stay, by the numbers of their values.
        inputs: the values that are given at each run; None for those that are left out.
    """

    def __init__(self, known: dict[int, torch.Tensor], inputs: Sequence[Value | None]) -> None:
        self._known = known
        self._graph = fx.Graph()
        self._nodes: dict[int, fx.Node] = {}
        self._captured: list[Any] = []
        for number, value in enumerate(inputs):
            node = self._graph.placeholder(f"input_{number}")
            if value is not None:
                self._nodes[value.number] = node
        self._anchor = self._graph.placeholder("end_of_inputs", default_value=None)

    def assemble(self, calls: Sequence[Call], outputs: Any) -> Callable[..., Any]:
        """Return a function of the inputs that makes the calls and gives the outputs."""
        last_uses = {
            value.number: place
            for place, call in enumerate(calls)
            for value in list_values((call.args, call.kwargs))
        } | {value.number: len(calls) for value in list_values(outputs)}
        sequence = KernelSequence(self._known)
        for place, call in enumerate(calls):
            try:
                sequence.append(call)
            except NotInterpretableError:
                self._add_kernels(sequence, {number for number, last in last_uses.items() if last >= place})
                self._add_call(call)
                sequence = KernelSequence(self._known)
        self._add_kernels(sequence, {value.number for value in list_values(outputs)})
        self._graph.output(self._look_up(outputs))
        self._graph.erase_node(self._anchor)
        forward = fx.GraphModule(torch.nn.Module(), self._graph).forward
        captured = tuple(self._captured)
        return lambda values: forward(*values, *captured)

    def _add_kernels(self, sequence: KernelSequence, used_later: set[int]) -> None:
        if sequence.is_empty:
            return
        function, given, found = sequence.finish(used_later)
        node = self._graph.call_function(_apply, (self._capture(function), *map(self._show_given, given)))
        for place, number in enumerate(found):
            self._nodes[number] = self._graph.call_function(operator.getitem, (node, place))

    def _show_given(self, item: Any) -> fx.Node:
        return self._find(item) if isinstance(item, int) else self._capture(item)

    def _add_call(self, call: Call) -> None:
        function = call.function._op if isinstance(call.function, OpOverload) else call.function
        args, kwargs = self._look_up((call.args, call.kwargs))
        self._distribute(
            call.results, self._graph.call_function(_apply, (self._capture(function), *args), kwargs)
        )

    def _distribute(self, results: Any, node: fx.Node) -> None:
        if isinstance(results, Value):
            self._nodes.setdefault(results.number, node)
        elif isinstance(results, (tuple, list)):
            for place, item in enumerate(results):
                if list_values(item):
                    self._distribute(item, self._graph.call_function(operator.getitem, (node, place)))
        elif results is not None:
            raise NoFlatGraphError(f"a call gives a {type(results).__name__}")

    def _look_up(self, structure: Any) -> Any:
        return map_aggregate(structure, self._show)

    def _find(self, number: int) -> fx.Node:
        if number not in self._nodes:
            if number not in self._known:
                raise NoFlatGraphError("it writes into tensors from elsewhere")
            self._nodes[number] = self._capture(self._known[number])
        return self._nodes[number]

    def _show(self, item: Any) -> Any:
        if isinstance(item, Value):
            return self._find(item.number)
        return item if isinstance(item, _LITERALS) else self._capture(item)

    def _capture(self, value: Any) -> fx.Node:
        with self._graph.inserting_before(self._anchor):
            node = self._graph.placeholder(f"captured_{len(self._captured)}")
        self._captured.append(value)
        return node


def _apply(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)
