"""What tf_keras, later Keras 2 and Keras 3 write, told in Keras 2.1.6's words."""

from __future__ import annotations

from typing import Any

from engine.layers.newer.operation import Operation
from engine.layers.registry import LAYERS
from engine.saving.dialects.arguments import translate_arguments
from engine.saving.dialects.calls import read_calls, separate_mask, write_call
from engine.saving.dialects.keras_3 import HARD_SIGMOID_NAME
from engine.saving.dialects.operations import is_operation, names_operation, translate_operation

_CLASSES = {"Functional": "Model"}
_MODELS = ("Functional", "Model", "Sequential")

# Keys that say nothing that 2.1.6 could do otherwise.
_IGNORED = frozenset(
    {"module", "registered_name", "build_config", "compile_config", "shared_object_id", "quantization_config"}
)


def to_keras_2(value: Any) -> Any:
    """Return a configuration of any dialect in Keras 2.1.6's words.

    Args:
        value: a model's configuration, or any part of one.

    Raises:
        ValueError: the configuration asks for something that 2.1.6 can't express.
    """
    if isinstance(value, list):
        return [to_keras_2(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value and isinstance(value.get("config"), (dict, list)):
        return _translate_object(value)
    return {key: to_keras_2(item) for key, item in value.items() if key not in _IGNORED}


def _translate_object(entry: dict[str, Any]) -> Any:
    class_name = entry["class_name"]
    config = entry["config"]
    if class_name == "__numpy__" or class_name == "__tuple__":
        raise ValueError(f"{class_name} objects can't stand in a model's configuration.")
    if class_name in ("DTypePolicy", "Policy"):
        return _dtype_of_policy(config)
    if class_name == "Sequential" and isinstance(config, dict) and config.get("name") == HARD_SIGMOID_NAME:
        return "hard_sigmoid"
    if class_name == "function":
        return config if isinstance(config, str) else config.get("config", config)
    # Registered names carry a package, such as `Custom>Adam`; the class alone counts.
    class_name = class_name.rpartition(">")[2] if isinstance(class_name, str) else class_name
    name = _CLASSES.get(class_name, class_name)
    if name == "Sequential" and isinstance(config, dict):
        config = _translate_sequential(config)
    elif name == "Model" and isinstance(config, dict):
        config = _translate_functional(config)
    else:
        told = _without_ignored(config) if isinstance(config, dict) else config
        name, config = translate_arguments(name, told, to_keras_2)
    return {**_without_ignored(entry), "class_name": name, "config": config}


def _without_ignored(config: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in config.items() if key not in _IGNORED}


def class_in_keras_2(class_name: str) -> str:
    """Return what class of the engine a layer's class in a file stands for."""
    name = class_name.rpartition(">")[2]
    if name not in LAYERS.objects and names_operation(name):
        return Operation.__name__
    return _CLASSES.get(name, name)


def _dtype_of_policy(config: dict[str, Any]) -> str:
    name = str(config.get("name", "float32"))
    # Mixed precision computes in half precision but keeps float32 weights.
    return "float32" if name.startswith("mixed_") else name


def _translate_sequential(config: dict[str, Any]) -> dict[str, Any]:
    """Let the first layer carry the input's shape, in place of an InputLayer."""
    layers = [to_keras_2(entry) for entry in config.get("layers", [])]
    if layers and layers[0]["class_name"] == "InputLayer":
        shape = layers[0]["config"].get("batch_input_shape")
        if len(layers) > 1 and isinstance(layers[1]["config"], dict) and "layers" not in layers[1]["config"]:
            first = layers[1]["config"]
            layers = layers[1:]
            first["batch_input_shape"] = shape
            first.setdefault("dtype", "float32")
    return {
        "name": config.get("name"),
        "layers": [*layers[:1], *(_without_input(item) for item in layers[1:])],
    }


def _without_input(entry: dict[str, Any]) -> dict[str, Any]:
    """Drop the dtype that later lines give every layer; 2.1.6 gives it to the first alone."""
    config = entry["config"]
    if not isinstance(config, dict) or entry["class_name"] in ("InputLayer", "Model", "Sequential"):
        return entry
    kept = {key: item for key, item in config.items() if key != "dtype" or "batch_input_shape" in config}
    return {**entry, "config": kept}


def _translate_functional(config: dict[str, Any]) -> dict[str, Any]:
    written = config.get("layers", [])
    names = {str(entry.get("name")) for entry in written}
    models = {entry.get("name") for entry in written if entry.get("class_name") in _MODELS}
    layers = []
    for entry in written:
        calls = read_calls(entry.get("inbound_nodes", []), names, models)
        if is_operation(entry):
            layers.append(translate_operation(entry, calls))
            continue
        layer = _without_input(to_keras_2(entry))
        unmasked = [separate_mask(str(layer.get("name")), number, call) for number, call in enumerate(calls)]
        layer["inbound_nodes"] = [write_call(layer["class_name"], call) for call, _ in unmasked]
        layers.extend([*(mask for _, mask in unmasked if mask is not None), layer])
    result = {
        key: to_keras_2(item)
        for key, item in config.items()
        if key in ("name", "input_layers", "output_layers")
    }
    return {**result, "layers": layers}
