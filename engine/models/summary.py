"""The table that `summary` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine import backend as K
from engine.layers.connections import unique


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
) -> None:
    """Print a model's layers, their output shapes and their numbers of parameters.

    Args:
        model: the model.
        line_length: characters a line.
        positions: where the columns end, as shares of the line or as characters.
        print_fn: called with each line; `print` by default.
    """
    print_fn = print_fn or print
    chain = _is_chain(model)
    line_length = line_length or (65 if chain else 98)
    positions = positions or ([0.45, 0.85, 1.0] if chain else [0.33, 0.55, 0.67, 1.0])
    ends = (
        [int(line_length * position) for position in positions]
        if positions[-1] <= 1
        else [int(p) for p in positions]
    )
    headings = ["Layer (type)", "Output Shape", "Param #"] + ([] if chain else ["Connected to"])
    print_fn("_" * line_length)
    _print_row(headings, ends, print_fn)
    print_fn("=" * line_length)
    for number, layer in enumerate(model.layers):
        for row in _rows_of(model, layer, chain):
            _print_row(row, ends, print_fn)
        print_fn(("=" if number == len(model.layers) - 1 else "_") * line_length)
    collected = getattr(model, "_collected_trainable_weights", model.trainable_weights)
    trainable = sum(K.count_params(weight) for weight in unique(collected))
    fixed = sum(K.count_params(weight) for weight in unique(model.non_trainable_weights))
    print_fn(f"Total params: {trainable + fixed:,}")
    print_fn(f"Trainable params: {trainable:,}")
    print_fn(f"Non-trainable params: {fixed:,}")
    print_fn("_" * line_length)


def _is_chain(model: Any) -> bool:
    """Tell whether each layer reads the one before it and is called once."""
    nodes = model._map.nodes
    called = [id(node.outbound_layer) for node in nodes]
    reads = [
        (id(layer), index)
        for node in nodes
        for layer, index in zip(node.inbound_layers, node.node_indices, strict=True)
    ]
    return (
        len(called) == len(set(called))
        and len(reads) == len(set(reads))
        and all(len(node.inbound_layers) <= 1 for node in nodes)
    )


def _print_row(fields: Sequence[str], ends: Sequence[int], print_fn: Callable[[str], Any]) -> None:
    line = ""
    for number, (field, end) in enumerate(zip(fields, ends, strict=True)):
        line = (line[:-1] + " " if number else "") + field
        line = line[:end].ljust(end)
    print_fn(line)


def _rows_of(model: Any, layer: Any, chain: bool) -> list[list[str]]:
    try:
        shape = str(layer.output_shape)
    except AttributeError:
        shape = "multiple"
    row = [f"{layer.name} ({type(layer).__name__})", shape, str(layer.count_params())]
    if chain:
        return [row]
    connections = [
        f"{inbound.name}[{node_index}][{tensor_index}]"
        for node in layer._inbound_nodes
        if id(node) in model._map.node_ids
        for inbound, node_index, tensor_index in zip(
            node.inbound_layers, node.node_indices, node.tensor_indices, strict=True
        )
    ]
    return [[*row, connections[0] if connections else ""], *(["", "", "", name] for name in connections[1:])]
