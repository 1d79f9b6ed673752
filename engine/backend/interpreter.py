"""Kernels called one after the other by torch's interpreter in C++, without Python in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch._ops import OpOverload

from engine.backend.recording import Call, Value, list_values

_TENSOR = torch._C.TensorType.get()
_MEMORY_FORMATS = {
    torch.contiguous_format: 0,
    torch.preserve_format: 1,
    torch.channels_last: 2,
    torch.channels_last_3d: 3,
}
_CONSTANTS = (bool, int, float, str, type(None), torch.dtype, torch.layout, torch.device)


class NotInterpretableError(Exception):
    """A call that torch's interpreter can't make."""


class KernelSequence:
    """Calls of kernels that become one function.

    Args:
        known: tensors that stay, by the numbers of their values.

    Attributes:
        is_empty: whether there is no call in it.
    """

    def __init__(self, known: dict[int, torch.Tensor]) -> None:
        self._known = known
        # Not all of its methods are in torch's stubs.
        self._graph: Any = torch._C.Graph()
        self._values: dict[int, Any] = {}
        self._given: list[Any] = []
        self._made: list[int] = []
        self.is_empty = True

    def append(self, call: Call) -> None:
        """Add a call.

        Raises:
            NotInterpretableError: the interpreter can't make it; the sequence is as it was.
        """
        if not isinstance(call.function, OpOverload):
            raise NotInterpretableError(str(call.function))
        schema = call.function._schema
        given = [
            call.args[place]
            if place < len(call.args)
            else call.kwargs.get(argument.name, argument.default_value)
            for place, argument in enumerate(schema.arguments)
        ]
        is_scalar = [
            _is_tensor(argument.type) and isinstance(item, (bool, int, float))
            for item, argument in zip(given, schema.arguments, strict=True)
        ]
        if any(is_scalar):
            schema = _find_scalar_schema(call.function)
        inputs = [
            self._spell(item, argument.type) for item, argument in zip(given, schema.arguments, strict=True)
        ]
        node = self._graph.create(schema.name, inputs, len(schema.returns))
        if node.schema() != str(schema):
            raise NotInterpretableError(str(schema))
        for output, returned in zip(node.outputs(), schema.returns, strict=True):
            output.setType(returned.type)
        self._graph.insertNode(node)
        self.is_empty = False
        self._distribute(call.results, list(node.outputs()))

    def finish(self, used_later: set[int]) -> tuple[Callable[..., Any], list[Any], list[int]]:
        """Return the function.

        Args:
            used_later: numbers of values that are wanted.

        Returns:
            A function that gives a tuple of tensors; what it takes: numbers of values, and random generators;
            the numbers of what it gives.
        """
        found = [number for number in self._made if number in used_later]
        node = self._graph.create("prim::TupleConstruct", [self._values[number] for number in found], 1)
        node.output().setType(torch._C.TupleType([_TENSOR] * len(found)))
        self._graph.insertNode(node)
        self._graph.registerOutput(node.output())
        return torch._C._create_function_from_graph("kernels", self._graph), self._given, found

    def _distribute(self, results: Any, outputs: list[Any]) -> None:
        # Kernels with several results give tuples, those with lists one list.
        for item, output in zip(results if isinstance(results, tuple) else (results,), outputs):
            if isinstance(item, Value):
                self._define(item, output)
            elif isinstance(item, list) and list_values(item):
                node = self._graph.create("prim::ListUnpack", [output], len(item))
                self._graph.insertNode(node)
                for value, part in zip(item, node.outputs(), strict=True):
                    part.setType(_TENSOR)
                    self._define(value, part)

    def _define(self, value: Value, output: Any) -> None:
        if value.number not in self._values:
            self._values[value.number] = output
            self._made.append(value.number)

    def _find(self, number: int) -> Any:
        if number not in self._values:
            if number in self._known:
                # The interpreter takes no tensors that require gradients.
                self._values[number] = self._graph.insertConstant(self._known[number].detach())
            else:
                self._values[number] = self._graph.addInput()
                self._values[number].setType(_TENSOR)
                self._given.append(number)
        return self._values[number]

    def _spell(self, item: Any, kind: Any) -> Any:
        """Return an argument as a value of the interpreter's graph."""
        if kind.kind() == "OptionalType" and item is not None:
            kind = kind.getElementType()
        if isinstance(item, Value):
            return self._find(item.number)
        if isinstance(item, (tuple, list)):
            element = kind.getElementType()
            parts = [self._spell(part, element) for part in item]
            node = self._graph.create("prim::ListConstruct", parts, 1)
            node.output().setType(kind)
            self._graph.insertNode(node)
            return node.output()
        if isinstance(item, torch.Generator):
            # A constant it can't be.
            self._given.append(item)
            made = self._graph.addInput()
            made.setType(kind)
            return made
        if isinstance(item, torch.memory_format):
            item = _MEMORY_FORMATS[item]
        if isinstance(item, int) and kind.kind() == "FloatType":
            item = float(item)
        if not isinstance(item, _CONSTANTS):
            raise NotInterpretableError(type(item).__name__)
        return self._graph.insertConstant(item)


def _is_tensor(kind: Any) -> bool:
    return kind.kind() == "TensorType"


def _find_scalar_schema(function: OpOverload) -> Any:
    """Return the schema of the same kernel that takes a number where this one takes a tensor."""
    scalar = getattr(function.overloadpacket, "Scalar", None)
    if scalar is None or len(scalar._schema.arguments) != len(function._schema.arguments):
        raise NotInterpretableError(str(function))
    return scalar._schema


def run_sequences(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function that calls sequences, without autograd, and without asking it at each kernel whether it is on.

    They run as they are: torch would watch the first runs and rewrite them for the next.
    """
    with_gradients, is_rewriting = torch.is_grad_enabled(), torch._C._get_graph_executor_optimize()
    torch._C._set_grad_enabled(False)
    torch._C._set_graph_executor_optimize(False)
    try:
        with torch._C._AutoDispatchBelowAutograd():
            return function(*args)
    finally:
        torch._C._set_graph_executor_optimize(is_rewriting)
        torch._C._set_grad_enabled(with_gradients)
