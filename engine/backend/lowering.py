"""From the symbolic graph to one `torch.fx.GraphModule`: straight-line Python over torch calls."""

from __future__ import annotations

import functools
import operator
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import fx

from engine.backend.gradients import differentiate
from engine.backend.learning_phase import LearningPhase, select_by_phase
from engine.backend.placement import Placement, run_on
from engine.backend.precision import in_own_types
from engine.backend.rewriting import rewrite
from engine.backend.variable import Constant, Placeholder, Variable
from engine.graph import Operation, Tensor, map_structure, sort_operations

_LITERALS = (bool, int, float, complex, str, type(None), torch.dtype, torch.device, type(Ellipsis))


class PhaseDependent:
    """A callable that holds a graph of its own, and so is lowered once a phase with the graph around it."""

    __name__ = "subgraph"

    def specialise(self, phase: int) -> Callable[..., Any]:
        """Return the plain function for one learning phase."""
        raise TypeError(f"{type(self).__name__} does not say how it is specialised.")


def require_gradient(value: torch.Tensor) -> torch.Tensor:
    """Return `value` such that derivatives with respect to it can be taken."""
    return value if value.requires_grad else value.detach().requires_grad_()


def assign_all(variables: list[torch.Tensor], values: list[Any]) -> None:
    """Write each value into its variable; all values were computed before."""
    with torch.no_grad():
        for variable, value in zip(variables, values, strict=True):
            if isinstance(value, torch.Tensor):
                variable.copy_(value)
            else:
                variable.fill_(value)


class Lowering:
    """One function of the symbolic graph as a `GraphModule`, for one learning phase.

    Args:
        inputs: placeholders (or any tensors) whose values are given at each call.
        outputs: what to compute.
        updates: pairs of a variable and its new value, all written after everything was computed.
        effects: tensors of mutating operations to run, in order, after everything else.
        phase: 0 or 1.
    """

    def __init__(
        self,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Any]] = (),
        effects: Sequence[Operation] = (),
        phase: int = 0,
    ) -> None:
        self.phase = phase
        self.inputs = list(inputs)
        self.captured: list[Any] = []
        self._graph = fx.Graph()
        self._placement = Placement(self._graph)
        self._values: dict[int, Any] = {}
        self._captured_nodes: dict[int, fx.Node] = {}
        self._keep_alive: list[Any] = []
        operations = self._sort(outputs, updates, effects)
        gradients = [operation for operation in operations if operation.function is differentiate]
        self.needs_gradient = bool(gradients)
        self._sources = {id(tensor) for operation in gradients for tensor in operation.args[1]}
        self._last_gradient = gradients[-1] if gradients else None
        self._differentiated_again = self._find_differentiated_again(gradients)
        self._emit(operations, outputs, updates, effects)

    def dependencies(self, operation: Operation) -> Iterable[Tensor]:
        """What an operation reads in this phase."""
        if operation.function is select_by_phase:
            chosen = self._select(operation)
            return [chosen] if isinstance(chosen, Tensor) else []
        return operation.inputs

    def _select(self, operation: Operation) -> Any:
        in_training, in_testing, _ = operation.args
        return in_training if self.phase else in_testing

    def _sort(self, outputs: Any, updates: Any, effects: Any) -> list[Operation]:
        reads = [*outputs, *(value for _, value in updates if isinstance(value, Tensor))]
        for effect in effects:
            reads.extend(effect.inputs)
        return sort_operations(reads, self.dependencies, self.inputs)

    def _find_differentiated_again(self, gradients: list[Operation]) -> set[int]:
        """Operations whose derivatives are themselves part of what another one differentiates."""
        again: set[int] = set()
        for later in gradients:
            behind = sort_operations([later.args[0]], self.dependencies, self.inputs)
            again.update(id(operation) for operation in behind if operation.function is differentiate)
        return again

    def _emit(self, operations: Any, outputs: Any, updates: Any, effects: Any) -> None:
        for number, tensor in enumerate(self.inputs):
            self._set(tensor, self._graph.placeholder(f"input_{number}"))
        anchor = self._graph.placeholder("end_of_inputs", default_value=None)
        self._anchor = anchor
        for operation in operations:
            self._emit_operation(operation)
        results = [self._get_here(tensor) for tensor in outputs]
        news = [self._get_new_value(value) for _, value in updates]
        for effect in effects:
            args, kwargs = map_structure(self._get_here, (effect.args, effect.kwargs))
            self._graph.call_function(run_effect, (self._capture(effect.function), *args), kwargs)
        if updates:
            variables = [self._get(variable) for variable, _ in updates]
            self._graph.call_function(assign_all, (variables, news))
        self._graph.output(tuple(results))
        self._graph.erase_node(anchor)

    def _get_here(self, value: Any) -> Any:
        """Return a value on the default device."""
        return self._placement.move(self._get(value), None)

    def _get_new_value(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        node = self._get_here(value)
        # A bare variable may be overwritten by an earlier update of the same call.
        return self._graph.call_function(torch.clone, (node,)) if isinstance(value, Variable) else node

    def _emit_operation(self, operation: Operation) -> None:
        if operation.function is select_by_phase:
            self._set(operation.outputs[0], self._get(self._select(operation)))
            return
        result = self._call(operation)
        for tensor in operation.outputs:
            if operation.returns_sequence:
                item = self._graph.call_function(operator.getitem, (result, tensor.position))
                self._set(tensor, item)
            else:
                self._set(tensor, result)
            self._placement.settle(self._values[id(tensor)], operation.device)

    def _call(self, operation: Operation) -> fx.Node:
        args, kwargs = map_structure(self._get, (operation.args, operation.kwargs))
        function = operation.function
        if function is differentiate:
            kwargs = {
                "create_graph": id(operation) in self._differentiated_again,
                "retain_graph": operation is not self._last_gradient,
            }
        else:
            move = functools.partial(self._placement.move, device=operation.device)
            args, kwargs = map_structure(move, (args, kwargs))
        if isinstance(function, PhaseDependent):
            function = function.specialise(self.phase)
        if operation.device is not None:
            return self._graph.call_function(
                run_on, (self._capture(function), operation.device, *args), kwargs
            )
        if _has_importable_name(function):
            return self._graph.call_function(function, args, kwargs)
        return self._graph.call_function(_apply, (self._capture(function), *args), kwargs)

    def _set(self, tensor: Tensor, node: Any) -> None:
        if id(tensor) in self._sources and not isinstance(tensor, Variable):
            node = self._graph.call_function(require_gradient, (node,))
        self._values[id(tensor)] = node
        self._keep_alive.append(tensor)

    def _get(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value if isinstance(value, _LITERALS) else self._capture(value)
        if id(value) in self._values:
            return self._values[id(value)]
        if isinstance(value, LearningPhase):
            return self.phase
        if isinstance(value, Variable):
            node: Any = self._capture_variable(value)
        elif isinstance(value, Constant):
            node = self._capture(value.value)
        elif isinstance(value, Placeholder) and value.default is not None:
            node = value.default if isinstance(value.default, _LITERALS) else self._capture(value.default)
        else:
            raise ValueError(
                f"The value of {value!r} must be given to compute what was asked: name it among the inputs."
            )
        self._set(value, node)
        return self._values[id(value)]

    def _capture_variable(self, variable: Variable) -> fx.Node:
        value = variable.value
        if id(variable) in self._sources:
            value.requires_grad_(True)
        elif self.needs_gradient and value.requires_grad:
            value = value.detach()
        return self._capture(value)

    def _capture(self, value: Any) -> fx.Node:
        """Pass a value that code can't spell as a further argument."""
        if id(value) not in self._captured_nodes:
            with self._graph.inserting_before(self._anchor):
                node = self._graph.placeholder(f"captured_{len(self.captured)}")
            node.meta["captured"] = value
            self._captured_nodes[id(value)] = node
            self.captured.append(value)
        return self._captured_nodes[id(value)]

    def compile(self) -> Callable[..., tuple[Any, ...]]:
        """Return the function; it takes the inputs, then `captured`."""
        rewrite(self._graph)
        self.module = fx.GraphModule(torch.nn.Module(), self._graph)
        return self.module.forward


def _has_importable_name(function: Any) -> bool:
    """Tell whether generated code can call the function by its module and name."""
    if isinstance(function, types.FunctionType):
        found = getattr(sys.modules.get(function.__module__), function.__name__, None)
        return found is function or getattr(found, "compute", None) is function
    return isinstance(function, types.BuiltinFunctionType) or hasattr(function, "__objclass__")


def _apply(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def run_effect(function: Callable[..., None], *args: Any, **kwargs: Any) -> None:
    """Call a function that writes into its arguments, in their own types."""
    with torch.no_grad(), in_own_types():
        function(*args, **kwargs)
