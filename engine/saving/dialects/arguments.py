"""Arguments of layers, initializers and regularizers that later lines name or mean otherwise than 2.1.6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Layer arguments that the engine lacks, with the values at which they change nothing; None stands for any value.
_NEUTRAL_ARGUMENTS: dict[str, tuple[Any, ...] | None] = {
    "ragged": (False,),
    "optional": (False,),
    "time_major": (False,),
    "zero_output_for_mask": (False, True),
    "use_cudnn": (True, False, "auto"),
    "reset_after": (False,),
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
    "use_gate": (False,),
    "sliding_window": (None,),
    "flash_attention": (None, False),
    "rms_scaling": (False,),
    "gptq_unpacked_column_size": None,
    "rng_type": None,
    "pad_to_aspect_ratio": (False,),
    "antialias": (False,),
}
_ONE_DIMENSIONAL = (
    "Conv1D",
    "SeparableConv1D",
    "MaxPooling1D",
    "AveragePooling1D",
    "GlobalMaxPooling1D",
    "GlobalAveragePooling1D",
    "LocallyConnected1D",
    "ZeroPadding1D",
    "Cropping1D",
    "UpSampling1D",
)
# The same for single classes.
_NEUTRAL_OF_CLASS: dict[str, dict[str, tuple[Any, ...] | None]] = {
    **{name: {"data_format": ("channels_last",)} for name in _ONE_DIMENSIONAL},
    "BatchNormalization": {"renorm_clipping": (None,), "renorm_momentum": None},
    "MultiHeadAttention": {
        "activity_regularizer": (None,),
        **dict.fromkeys(("query_shape", "key_shape", "value_shape", "softmax_robust_masking")),
    },
    **{name: {"activity_regularizer": (None,)} for name in ("GroupQueryAttention", "GroupedQueryAttention")},
    "Resizing": dict.fromkeys(("fill_mode", "fill_value")),
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
    """Leave out a backward layer that is the forward one's mirror image, which 2.1.6 makes itself."""
    backward = config.get("backward_layer")
    layer = config["layer"]
    if backward is not None and backward["class_name"] == layer["class_name"]:
        keys = {*layer["config"], *backward["config"]} - {"name", "go_backwards"}
        if all(layer["config"].get(key) == backward["config"].get(key) for key in keys):
            backward = None
    rest = {key: item for key, item in config.items() if key != "backward_layer"}
    return class_name, rest if backward is None else {**rest, "backward_layer": backward}


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
# Activations that Keras 3 computes otherwise under the same name.
_ACTIVATIONS_OF_KERAS_3 = {"hard_sigmoid": "hard_sigmoid_relu6"}
_ACTIVATION_ARGUMENTS = ("activation", "recurrent_activation")


def translate_arguments(class_name: str, config: Any, translate: Callable[[Any], Any]) -> tuple[str, Any]:
    """Return class and configuration of an object in 2.1.6's words.

    Args:
        class_name: the object's class.
        config: its configuration.
        translate: what turns a value inside into 2.1.6's words.

    Raises:
        ValueError: an argument that the engine lacks has a value that means something.
    """
    if not isinstance(config, dict):
        return class_name, translate(config)
    renamed = _RENAMED.get(class_name, {})
    own = _OWN_ARGUMENTS.get(class_name, set())
    neutral = {**_NEUTRAL_ARGUMENTS, **_NEUTRAL_OF_CLASS.get(class_name, {})}
    result: dict[str, Any] = {}
    for key, item in config.items():
        if key == "seed" and _drops_seed(class_name, config):
            continue
        if key not in own and key in neutral:
            _check_neutral(class_name, config, key, neutral[key])
            continue
        if key in _ACTIVATION_ARGUMENTS and isinstance(item, str) and _is_of_keras_3(config):
            item = _ACTIVATIONS_OF_KERAS_3.get(item, item)
        result[str(renamed.get(key, key))] = translate(item)
    rewrite = _REWRITTEN.get(class_name)
    return rewrite(class_name, result) if rewrite else (class_name, result)


def _is_of_keras_3(config: dict[str, Any]) -> bool:
    """Tell whether Keras 3 wrote a layer's configuration: it alone writes a policy in place of every dtype."""
    dtype = config.get("dtype")
    return isinstance(dtype, dict) and dtype.get("class_name") == "DTypePolicy"


def _check_neutral(class_name: str, config: dict[str, Any], key: str, values: tuple[Any, ...] | None) -> None:
    """Refuse a value that the engine can't express."""
    if values is not None and config[key] not in values:
        raise ValueError(
            f"{class_name} {config.get('name', '')!r} has {key}={config[key]!r}, which Keras 2.1.6 does not know. "
            f"Only {key}={values[0]!r} can be read."
        )


def _drops_seed(class_name: str, config: dict[str, Any]) -> bool:
    """Tell whether a layer has a seed in later lines only; initializers always had one."""
    return "name" in config and "trainable" in config and class_name not in _SEEDED
