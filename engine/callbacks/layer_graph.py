"""A model's layers as the boxes and arrows of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def iterate_layer_calls(
    model: Any, scope: str = "", sources: Sequence[str] = ()
) -> Iterator[tuple[str, str, list[str], Any]]:
    """Yield the name, the class, the names of what it reads and the output shape of each call of a layer.

    The layers of a model within the model are named `model/layer`. Calls after the first have their number in
    their names.

    Args:
        model: a model.
        scope: what comes before all names.
        sources: names of what the model's inputs are, for a model within another.
    """
    yield from _walk(model, scope, sources, {})


def _walk(
    model: Any, scope: str, sources: Sequence[str], names: dict[int, str]
) -> Iterator[tuple[str, str, list[str], Any]]:
    given = {id(tensor): source for tensor, source in zip(model.inputs, sources)}
    calls: dict[str, int] = {}
    for node in model._map.nodes:
        layer = node.outbound_layer
        number = calls[layer.name] = calls.get(layer.name, -1) + 1
        name = f"{scope}{layer.name}_call_{number}" if number else f"{scope}{layer.name}"
        reads = [names[id(tensor)] for tensor in node.input_tensors if node.inbound_layers]
        if not node.inbound_layers and id(node.output_tensors[0]) in given:
            names[id(node.output_tensors[0])] = given[id(node.output_tensors[0])]
        elif hasattr(layer, "_map"):
            inner: dict[int, str] = {}
            yield from _walk(layer, f"{name}/", reads, inner)
            ends = [inner[id(tensor)] for tensor in layer.outputs]
            names.update(zip(map(id, node.output_tensors), ends, strict=True))
        else:
            names.update({id(tensor): name for tensor in node.output_tensors})
            yield name, type(layer).__name__, reads, node.output_shapes[0]


def list_outputs(model: Any) -> dict[str, Any]:
    """Return the tensors that the layers give within a model, by name: `dense_1_out`, with a number for several."""
    tensors: dict[str, list[Any]] = {}
    for node in model._map.nodes:
        tensors.setdefault(node.outbound_layer.name, []).extend(node.output_tensors)
    named: dict[str, Any] = {}
    for layer_name, outputs in tensors.items():
        for number, tensor in enumerate(outputs):
            named[f"{layer_name}_out" if len(outputs) == 1 else f"{layer_name}_out_{number}"] = tensor
    return named
