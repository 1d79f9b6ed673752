"""What tf_keras, later Keras 2 and Keras 3 write, told in Keras 2.1.6's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_CLASSES = {"Functional": "Model"}

# Keys that say nothing that 2.1.6 could do otherwise.
_IGNORED = frozenset(
    {"module", "registered_name", "build_config", "compile_config", "shared_object_id", "quantization_config"}
)
# Layer arguments that 2.1.6 lacks, with the values at which they change nothing.
_NEUTRAL_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "groups": (1,),
    "ragged": (False,),
    "optional": (False,),
    "time_major": (False,),
    "zero_output_for_mask": (False, True),
    "use_cudnn": (True, False, "auto"),
    "reset_after": (False,),
    "keepdims": (False,),
    "synchronized": (False,),
    "renorm": (False,),
    "virtual_batch_size": (None,),
    "fused": (None, True, False),
    "lora_rank": (None,),
    "lora_alpha": (None,),
    "autocast": (True, False),
    "input_axes": (None,),
    "output_axes": (None,),
    "sparse": (False,),
}
_ONE_DIMENSIONAL = (
    "Conv1D",
    "SeparableConv1D",
    "MaxPooling1D",
    "AveragePooling1D",
    "GlobalMaxPooling1D",
    "GlobalAveragePooling1D",
    "LocallyConnected1D",
)
# The same for single classes; None stands for any value.
_NEUTRAL_OF_CLASS: dict[str, dict[str, tuple[Any, ...] | None]] = {
    **{name: {"data_format": ("channels_last",)} for name in _ONE_DIMENSIONAL},
    "BatchNormalization": {"renorm_clipping": (None,), "renorm_momentum": None},
    "Conv2DTranspose": {"output_padding": (None,)},
    "Conv3DTranspose": {"output_padding": (None,)},
    "UpSampling2D": {"interpolation": ("nearest",)},
    "LocallyConnected1D": {"data_format": ("channels_last",), "implementation": None},
    "LocallyConnected2D": {"implementation": None},
}
_VARIANCE_SCALING = {
    "GlorotUniform": (1.0, "fan_avg", "uniform"),
    "GlorotNormal": (1.0, "fan_avg", "normal"),
    "HeUniform": (2.0, "fan_in", "uniform"),
    "HeNormal": (2.0, "fan_in", "normal"),
    "LecunUniform": (1.0, "fan_in", "uniform"),
    "LecunNormal": (1.0, "fan_in", "normal"),
}
_RENAMED: dict[str, dict[str, str]] = {
    "LeakyReLU": {"negative_slope": "alpha"},
    "InputLayer": {"batch_shape": "batch_input_shape"},
}
# Arguments of 2.1.6's layers that share a name with one of _NEUTRAL_ARGUMENTS.
_OWN_ARGUMENTS = {"InputLayer": {"sparse"}, "GRU": {"reset_after"}, "GRUCell": {"reset_after"}}
# Arguments that only some classes of 2.1.6 know; elsewhere they steer random numbers at most.
_SEEDED = {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"}


def _variance_scaling(class_name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    scale, mode, distribution = _VARIANCE_SCALING[class_name]
    return "VarianceScaling", {
        "scale": scale,
        "mode": mode,
        "distribution": distribution,
        "seed": config.get("seed"),
    }


def _l1_or_l2(class_name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "L1L2", {"l1": config.get("l1", 0.0), "l2": config.get("l2", 0.0)}


def _single_axis(class_name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    axis = config.get("axis", -1)
    if isinstance(axis, list):
        if len(axis) != 1:
            raise ValueError(
                f"{class_name} {config.get('name', '')!r} normalises over {len(axis)} axes at once."
            )
        axis = axis[0]
    return class_name, {**config, "axis": axis}


def _two_ways(class_name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Let the backward layer be the forward one's mirror image, which is the only kind 2.1.6 makes."""
    rest = {key: item for key, item in config.items() if key != "backward_layer"}
    backward = config.get("backward_layer")
    if backward is not None:
        differing = {
            key
            for key in {*config["layer"]["config"], *backward["config"]}
            if config["layer"]["config"].get(key) != backward["config"].get(key)
        }
        if differing - {"name", "go_backwards"} or config["layer"]["class_name"] != backward["class_name"]:
            raise ValueError(
                f"{class_name} {config.get('name', '')!r} has a backward layer of its own, which Keras 2.1.6 does "
                f"not know: it differs in {sorted(differing - {'name', 'go_backwards'})}."
            )
    return class_name, rest


def _distribution(class_name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    names = {"truncated_normal": "normal", "untruncated_normal": "normal"}
    distribution = config.get("distribution", "normal")
    return class_name, {**config, "distribution": names.get(distribution, distribution)}


_REWRITTEN: dict[str, Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    **dict.fromkeys(_VARIANCE_SCALING, _variance_scaling),
    "L1": _l1_or_l2,
    "L2": _l1_or_l2,
    "VarianceScaling": _distribution,
    "BatchNormalization": _single_axis,
    "Bidirectional": _two_ways,
}


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
        name, config = _translate_arguments(name, config)
    rest = {
        key: item
        for key, item in entry.items()
        if key not in ("class_name", "config") and key not in _IGNORED
    }
    return {"class_name": name, "config": config, **rest}


def _dtype_of_policy(config: dict[str, Any]) -> str:
    name = str(config.get("name", "float32"))
    # Mixed precision computes in half precision but keeps float32 weights.
    return "float32" if name.startswith("mixed_") else name


def _translate_arguments(class_name: str, config: Any) -> tuple[str, Any]:
    if not isinstance(config, dict):
        return class_name, to_keras_2(config)
    renamed = _RENAMED.get(class_name, {})
    own = _OWN_ARGUMENTS.get(class_name, set())
    neutral = {**_NEUTRAL_ARGUMENTS, **_NEUTRAL_OF_CLASS.get(class_name, {})}
    result: dict[str, Any] = {}
    for key, item in config.items():
        if key in _IGNORED or (key == "seed" and _drops_seed(class_name, config)):
            continue
        if key not in own and key in neutral:
            _check_neutral(class_name, config, key, neutral[key])
            continue
        result[str(renamed.get(key, key))] = to_keras_2(item)
    rewrite = _REWRITTEN.get(str(class_name))
    return rewrite(class_name, result) if rewrite else (class_name, result)


def _check_neutral(class_name: str, config: dict[str, Any], key: str, values: tuple[Any, ...] | None) -> None:
    """Refuse a value that 2.1.6 can't express."""
    if values is not None and config[key] not in values:
        raise ValueError(
            f"{class_name} {config.get('name', '')!r} has {key}={config[key]!r}, which Keras 2.1.6 does not know. "
            f"Only {key}={values[0]!r} can be read."
        )


def _drops_seed(class_name: str, config: dict[str, Any]) -> bool:
    """Tell whether a layer has a seed in later lines only; initializers always had one."""
    return "name" in config and "trainable" in config and class_name not in _SEEDED


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
    layers = [_without_input(to_keras_2(entry)) for entry in config.get("layers", [])]
    models = {entry.get("name") for entry in layers if entry["class_name"] in ("Model", "Sequential")}
    for entry in layers:
        nodes = entry.get("inbound_nodes", [])
        entry["inbound_nodes"] = [_translate_node(node, models) for node in _node_list(nodes)]
    result = {
        key: to_keras_2(item)
        for key, item in config.items()
        if key in ("name", "input_layers", "output_layers")
    }
    return {**result, "layers": layers}


def _node_list(nodes: Any) -> list[Any]:
    """Accept one call where a list of calls belongs."""
    is_single = bool(nodes) and isinstance(nodes[0], list) and bool(nodes[0]) and isinstance(nodes[0][0], str)
    return [nodes] if is_single else nodes


def _translate_node(node: Any, models: set[Any]) -> Any:
    """Return a call of the later form `{"args": ..., "kwargs": ...}` as a list of coordinates."""
    if not isinstance(node, dict) or "args" not in node:
        return node
    arguments = {
        key: item
        for key, item in node.get("kwargs", {}).items()
        if item is not None and not _tensors_in(item)
    }
    entries = []
    for tensor in [*_tensors_in(node["args"]), *_tensors_in(node.get("kwargs", {}))]:
        name, node_index, tensor_index = tensor["config"]["keras_history"]
        # There a nested model's first call is number 0; here its construction is.
        entries.append([name, node_index + (name in models), tensor_index, arguments])
    return entries


def _tensors_in(value: Any) -> list[Any]:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [value]
        return [tensor for item in value.values() for tensor in _tensors_in(item)]
    if isinstance(value, list):
        return [tensor for item in value for tensor in _tensors_in(item)]
    return []
