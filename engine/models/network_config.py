"""A graph of layers as a configuration, and back."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from engine.layers import registry
from engine.layers.location import locate


def _nodes_in_model(network: Any, layer: Any) -> dict[int, int]:
    """Number the layer's nodes that belong to the network: from its own index to the index in the file."""
    own = [index for index, node in enumerate(layer._inbound_nodes) if id(node) in network._map.node_ids]
    # A model's own construction is its node 0, which no file lists but which counts.
    offset = 1 if hasattr(layer, "_map") else 0
    return {index: number + offset for number, index in enumerate(own)}


def network_to_config(network: Any) -> dict[str, Any]:
    """Return a functional model's configuration."""
    numbers = {id(layer): _nodes_in_model(network, layer) for layer in network.layers}
    layers = []
    for layer in network.layers:
        inbound_nodes = []
        for index in numbers[id(layer)]:
            node = layer._inbound_nodes[index]
            if node.inbound_layers:
                inbound_nodes.append(
                    [
                        [inbound.name, numbers[id(inbound)][node_index], tensor_index, _plain(node.arguments)]
                        for inbound, node_index, tensor_index in zip(
                            node.inbound_layers, node.node_indices, node.tensor_indices, strict=True
                        )
                    ]
                )
        layers.append(
            {
                "name": layer.name,
                "class_name": type(layer).__name__,
                "config": layer.get_config(),
                "inbound_nodes": inbound_nodes,
            }
        )

    def coordinates(histories: list[Any]) -> list[list[Any]]:
        return [
            [layer.name, numbers[id(layer)][node_index], tensor_index]
            for layer, node_index, tensor_index in histories
        ]

    config = {
        "name": network.name,
        "layers": layers,
        "input_layers": coordinates(network._input_coordinates),
        "output_layers": coordinates(network._output_coordinates),
    }
    return copy.deepcopy(config)


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return call arguments as JSON knows them.

    Raises:
        ValueError: one of them is a tensor or another object that no file can hold.
    """
    for name, value in arguments.items():
        if not isinstance(value, (str, int, float, bool, list, tuple, dict, type(None), np.generic)):
            raise ValueError(f"The call argument {name!r} can't be saved: {value!r}")
    return {
        name: value.item() if isinstance(value, np.generic) else value for name, value in arguments.items()
    }


def network_from_config(
    config: dict[str, Any], custom_objects: dict[str, Any] | None = None
) -> tuple[list[Any], list[Any], str | None]:
    """Make the layers of a functional model and call them as its nodes say.

    Returns:
        Inputs, outputs and name.

    Raises:
        ValueError: the configuration is malformed, or names an unknown layer.
    """
    layers = _make_layers(config["layers"], custom_objects)
    _join_layers(config["layers"], layers)

    def tensors(key: str) -> list[Any]:
        found = []
        for position, (name, node_index, tensor_index) in enumerate(_listed(config[key])):
            with locate(key, position):
                if name not in layers:
                    raise ValueError(f"`{key}` names {name!r}, which is no layer of the model.")
                found.append(layers[name]._inbound_nodes[node_index].output_tensors[tensor_index])
        return found

    return tensors("input_layers"), tensors("output_layers"), config.get("name")


def _make_layers(entries: list[Any], custom_objects: dict[str, Any] | None) -> dict[str, Any]:
    """Make the layers by name, not joined yet."""
    layers: dict[str, Any] = {}
    for position, entry in enumerate(entries):
        with locate("layers", position, name=name_of_entry(entry)):
            layer = registry.deserialize(
                {"class_name": entry["class_name"], "config": entry["config"]}, custom_objects
            )
            # A Sequential's own configuration is a list, which has no place for its name.
            layer.name = entry["name"]
            layers[entry["name"]] = layer
    return layers


def _join_layers(entries: list[Any], layers: dict[str, Any]) -> None:
    """Call the layers as their entries' nodes say, each as soon as what it reads is there."""
    waiting = [
        (position, layers[entry["name"]], node)
        for position, entry in enumerate(entries)
        for node in entry.get("inbound_nodes", [])
    ]
    while waiting:
        # A layer's calls keep their order, since later entries refer to them by number.
        remaining, blocked = [], set()
        for position, layer, node in waiting:
            ready = id(layer) not in blocked and all(
                entry[0] in layers and len(layers[entry[0]]._inbound_nodes) > entry[1] for entry in node
            )
            if ready:
                with locate("layers", position, name=layer.name):
                    _call(layer, node, layers)
            else:
                blocked.add(id(layer))
                remaining.append((position, layer, node))
        if len(remaining) == len(waiting):
            position, layer, node = remaining[0]
            with locate("layers", position, "inbound_nodes"):
                raise ValueError(_explain(layer, node, layers))
        waiting = remaining


def name_of_entry(entry: Any) -> str:
    """Return a layer entry's name, or its class where it has none; for errors."""
    config = entry.get("config") if isinstance(entry, dict) else None
    name = config.get("name") if isinstance(config, dict) else None
    return str(name or (entry.get("class_name", "") if isinstance(entry, dict) else ""))


def _listed(coordinates: Any) -> list[Any]:
    """Accept one coordinate where a list of them belongs."""
    return [coordinates] if coordinates and isinstance(coordinates[0], str) else coordinates


def _call(layer: Any, node: list[Any], layers: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {}
    tensors = []
    for entry in node:
        name, node_index, tensor_index = entry[:3]
        if len(entry) > 3:
            arguments = entry[3] or {}
        tensors.append(layers[name]._inbound_nodes[node_index].output_tensors[tensor_index])
    layer(tensors[0] if len(tensors) == 1 else tensors, **arguments)


def _explain(layer: Any, node: list[Any], layers: dict[str, Any]) -> str:
    for entry in node:
        if entry[0] not in layers:
            return f"Layer {layer.name!r} reads {entry[0]!r}, which is no layer of the model."
    return f"Layer {layer.name!r} can't be joined: the inbound nodes of the model refer to each other in a circle."
