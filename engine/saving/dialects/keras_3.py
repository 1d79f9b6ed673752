"""Architectures in Keras 3's words: the other direction of `later`, for what this engine writes."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import Layer, unpack_singleton

# Where Keras 3 looks a class up, by the last word of the argument that it stands in.
_MODULES = {
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
}
_RENAMED: dict[str, dict[str, str]] = {
    "InputLayer": {"batch_input_shape": "batch_shape"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "ThresholdedReLU": {"theta": "threshold"},
}
_CLASSES = {"ThresholdedReLU": "ReLU"}
# Arguments that Keras 3 lacks and that change no result there.
_DROPPED = frozenset({"batch_input_shape", "dtype", "implementation", "input_length"})
_DROPPED_OF_CLASS = {
    "InputLayer": {"trainable"},
    **{f"SpatialDropout{rank}D": {"noise_shape", "trainable"} for rank in (1, 2, 3)},
    **{f"ConvLSTM{rank}D": {"unroll"} for rank in (1, 2, 3)},
}
_KEPT_OF_CLASS = {"InputLayer": {"dtype"}}
_REFUSED = {
    **dict.fromkeys(("Highway", "MaxoutDense", "Merge"), "Keras 3 has no such layer"),
    **dict.fromkeys(
        ("Operation", "WithMask"), "it stands for an operation of the model that it was read from"
    ),
    "Lambda": "its function is code, which no file of the engine holds",
    "LocallyConnected1D": "Keras 3 has no such layer",
    "LocallyConnected2D": "Keras 3 has no such layer",
    "CuDNNGRU": "Keras 3 has no such layer; load its weights into a GRU with `reset_after=True`",
    "CuDNNLSTM": "Keras 3 has no such layer; load its weights into an LSTM with sigmoids",
}
# The name that marks the one below.
HARD_SIGMOID_NAME = "keras_2_hard_sigmoid"
# Keras 3's hard_sigmoid is another function: x / 6 + 0.5 cut to 0 and 1. Keras 2's is that of 1.2 x.
_HARD_SIGMOID = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {
        "name": HARD_SIGMOID_NAME,
        "layers": [
            {
                "module": "keras.layers",
                "class_name": "Rescaling",
                "config": {"name": "rescaling", "scale": 1.2, "offset": 0.0},
                "registered_name": None,
            },
            {
                "module": "keras.layers",
                "class_name": "Activation",
                "config": {"name": "activation", "activation": "hard_sigmoid"},
                "registered_name": None,
            },
        ],
    },
    "registered_name": None,
}
_ACTIVATIONS: dict[str, Any] = {"hard_sigmoid": _HARD_SIGMOID, "hard_sigmoid_relu6": "hard_sigmoid"}
_DISTRIBUTIONS = {"normal": "truncated_normal"}
# Layers that take their inputs as several arguments, and not as one list.
_SPREAD_INPUTS = ("MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention")


def to_keras_3(layer: Any) -> dict[str, Any]:
    """Return a layer or model as Keras 3 describes it.

    Raises:
        ValueError: Keras 3 can't express it.
    """
    if "/" in layer.name:
        raise ValueError(
            f"Keras 3 allows no `/` in names. Found: {layer.name!r}. Rename it, or save to `.h5`."
        )
    if hasattr(layer, "layers"):
        is_stack = isinstance(layer.get_config(), list)
        return _describe_stack(layer) if is_stack else _describe_graph(layer)
    class_name = type(layer).__name__
    if class_name in _REFUSED:
        raise ValueError(
            f"The layer {layer.name!r} ({class_name}) can't be written for Keras 3: {_REFUSED[class_name]}."
        )
    config = {key: _translate(layer, key, item) for key, item in layer.get_config().items()}
    if not type(layer).__module__.startswith("engine."):
        return _entry(type(layer).__module__, class_name, config, class_name)
    dropped = (_DROPPED | _DROPPED_OF_CLASS.get(class_name, set())) - _KEPT_OF_CLASS.get(class_name, set())
    renamed = _RENAMED.get(class_name, {})
    kept = {
        renamed.get(key, key): item for key, item in config.items() if key in renamed or key not in dropped
    }
    return _entry("keras.layers", _CLASSES.get(class_name, class_name), kept)


def _entry(
    module: str, class_name: str, config: dict[str, Any], registered_name: str | None = None
) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered_name,
    }


def _translate(layer: Any, key: str, value: Any) -> Any:
    """Return an argument of a layer."""
    member = getattr(layer, key, None)
    if isinstance(member, Layer) and isinstance(value, dict):
        return to_keras_3(member)
    if key == "cells":
        return [to_keras_3(cell) for cell in layer.cells]
    kind = key.rpartition("_")[2]
    if kind == "activation" and isinstance(value, str):
        return _ACTIVATIONS.get(value, value)
    if kind in _MODULES and isinstance(value, dict):
        config = dict(value["config"])
        if "distribution" in config:
            config["distribution"] = _DISTRIBUTIONS.get(config["distribution"], config["distribution"])
        return _entry(_MODULES[kind], value["class_name"], config)
    return value


def _describe_stack(model: Any) -> dict[str, Any]:
    """Return a Sequential model; its input has a layer of its own there."""
    layers = [to_keras_3(layer) for layer in model.layers]
    if model.inputs and layers[0]["class_name"] != "InputLayer":
        tensor = model.inputs[0]
        config = {
            "batch_shape": K.int_shape(tensor),
            "dtype": K.dtype(tensor),
            "name": model.input_layers[0].name,
        }
        layers.insert(0, _entry("keras.layers", "InputLayer", config))
    return _entry("keras", "Sequential", {"name": model.name, "trainable": model.trainable, "layers": layers})


def _describe_graph(model: Any) -> dict[str, Any]:
    """Return a functional model."""
    config = model.get_config()
    layers = {layer.name: layer for layer in model.layers}

    def coordinates(name: str, node_index: int, tensor_index: int) -> list[Any]:
        # Here a nested model's first call is number 1, after its construction; there it is number 0.
        return [name, node_index - hasattr(layers[name], "layers"), tensor_index]

    def describe_tensor(*position: Any) -> dict[str, Any]:
        name, node_index, tensor_index = coordinates(*position)
        calls = [node for node in layers[name]._inbound_nodes if id(node) in model._map.node_ids]
        tensor = calls[node_index].output_tensors[tensor_index]
        config = {
            "shape": K.int_shape(tensor),
            "dtype": K.dtype(tensor),
            "keras_history": [name, node_index, tensor_index],
        }
        return {"class_name": "__keras_tensor__", "config": config}

    entries = []
    for entry in config["layers"]:
        layer = layers[entry["name"]]
        nodes = []
        for node in entry["inbound_nodes"]:
            tensors = [describe_tensor(*item[:3]) for item in node]
            nodes.append(_describe_call(layer, tensors, dict(node[0][3]) if len(node[0]) > 3 else {}))
        entries.append({**to_keras_3(layer), "name": layer.name, "inbound_nodes": nodes})
    described = {
        "name": model.name,
        "trainable": model.trainable,
        "layers": entries,
        # A list of one means a list of one tensor there.
        "input_layers": unpack_singleton([coordinates(*item) for item in config["input_layers"]]),
        "output_layers": unpack_singleton([coordinates(*item) for item in config["output_layers"]]),
    }
    return _entry("keras.src.models.functional", "Functional", described, "Functional")


def _describe_call(layer: Any, tensors: list[Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Return one call of a layer as positional and keyword arguments."""
    if len(tensors) == 1:
        return {"args": tensors, "kwargs": arguments}
    if hasattr(layer, "cell") or hasattr(layer, "forward_layer"):
        if getattr(layer, "_num_constants", None):
            raise ValueError(
                f"The layer {layer.name!r} gets constants, which Keras 3's recurrent layers do not take."
            )
        return {"args": tensors[:1], "kwargs": {**arguments, "initial_state": tensors[1:]}}
    if type(layer).__name__ in _SPREAD_INPUTS:
        roles = arguments.pop("roles", ("query", "value", "key"))
        named = dict(zip(roles[2:], tensors[2:], strict=False))
        return {"args": tensors[:2], "kwargs": {**arguments, **named}}
    return {"args": [tensors], "kwargs": arguments}
