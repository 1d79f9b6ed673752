"""Functions that stand as layers in models of later lines, told as the engine's layer `Operation`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.layers.base import to_snake_case
from engine.layers.newer.operation import FUNCTIONS, Operation
from engine.saving.dialects.calls import Call, Reference


@dataclass(frozen=True)
class _Spelling:
    """What TensorFlow calls a function of Keras 3's, and its arguments."""

    function: str
    positions: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)


_BINARY = ("y",)
_REDUCTIONS = ("all", "any", "max", "mean", "min", "prod", "std", "sum")
_SAME = (
    *(
        "argmax",
        "argmin",
        "cos",
        "equal",
        "exp",
        "floor_divide",
        "greater",
        "greater_equal",
        "less",
        "less_equal",
    ),
    *(
        "log",
        "log_softmax",
        "maximum",
        "minimum",
        "mod",
        "multiply",
        "negative",
        "not_equal",
        "relu",
        "relu6",
    ),
    *(
        "round",
        "sigmoid",
        "sign",
        "sin",
        "softmax",
        "softplus",
        "softsign",
        "sqrt",
        "square",
        "subtract",
        "tanh",
    ),
    *(
        "add",
        "cast",
        "elu",
        "expand_dims",
        "gelu",
        "logical_and",
        "logical_not",
        "logical_or",
        "ones_like",
        "repeat",
    ),
    *("selu", "silu", "squeeze", "stack", "zeros_like", "divide"),
)
# By the last word of TensorFlow's name.
_TENSORFLOW: dict[str, _Spelling] = {
    **{name: _Spelling(name, _BINARY, {"keep_dims": "keepdims"}) for name in _SAME},
    **{f"reduce_{name}": _Spelling(name, renamed={"keep_dims": "keepdims"}) for name in _REDUCTIONS},
    "reduce_std": _Spelling("std"),
    "reduce_variance": _Spelling("var"),
    "abs": _Spelling("absolute"),
    "clip_by_value": _Spelling("clip", ("clip_value_min", "clip_value_max")),
    "concat": _Spelling("concatenate"),
    "floordiv": _Spelling("floor_divide", _BINARY),
    "floormod": _Spelling("mod", _BINARY),
    "getitem": _Spelling("get_item", ("slice_spec",)),
    "leaky_relu": _Spelling("leaky_relu", ("alpha",)),
    "matmul": _Spelling("matmul", ("b",), {"transpose_a": "transpose_x", "transpose_b": "transpose_y"}),
    "neg": _Spelling("negative"),
    "pow": _Spelling("power", _BINARY),
    "reshape": _Spelling("reshape", ("shape",)),
    "split": _Spelling("split", ("num_or_size_splits",)),
    "swish": _Spelling("silu"),
    "tile": _Spelling("tile", ("multiples",)),
    "transpose": _Spelling("transpose", renamed={"perm": "axes"}),
    "truediv": _Spelling("true_divide", _BINARY),
    "where": _Spelling("where", ("x", "y")),
}
_TENSORFLOW_CLASSES = ("TFOpLambda", "SlicingOpLambda")
# Arguments that say nothing, or nothing but how to compute, with the values at which they may be left out.
_SILENT: dict[str, tuple[Any, ...] | None] = {
    "name": None,
    "conjugate": (False,),
    "initial": (None,),
    "output_type": ("int64",),
    "features_dtype": (None,),
    "beta": (1.0,),
}


def is_operation(entry: dict[str, Any]) -> bool:
    """Tell whether an entry of a model's layers is a function of tensors and no layer."""
    class_name, config = entry.get("class_name"), entry.get("config")
    if class_name in _TENSORFLOW_CLASSES:
        return True
    layer_like = {"trainable", "layers", "batch_shape", "batch_input_shape"}
    is_plain = isinstance(config, dict) and not layer_like & config.keys()
    # Layers share names with functions, `Add` for one, but only Keras 3's calls are objects.
    is_called_by_keras_3 = any(isinstance(node, dict) for node in entry.get("inbound_nodes") or ())
    return is_plain and is_called_by_keras_3 and names_operation(class_name)


def names_operation(class_name: Any) -> bool:
    """Tell whether a class stands for a function of tensors."""
    return class_name in _TENSORFLOW_CLASSES or to_snake_case(str(class_name)) in FUNCTIONS


def translate_operation(entry: dict[str, Any], calls: list[Call]) -> dict[str, Any]:
    """Return a function's entry as that of a layer `Operation`.

    Raises:
        ValueError: the engine lacks the function, or it is called on something that JSON does not hold.
    """
    config, name = entry["config"], entry.get("name") or entry["config"].get("name")
    (call,) = calls
    if entry["class_name"] in _TENSORFLOW_CLASSES:
        function, args, kwargs = _read_tensorflow(name, str(config.get("function")), call)
    else:
        function = to_snake_case(entry["class_name"])
        own = {key: item for key, item in config.items() if key != "name"}
        args, kwargs = call.args, {**own, **call.kwargs}
    kwargs = {
        key: item for key, item in kwargs.items() if item is not None and not _is_silent(name, key, item)
    }
    references: list[Reference] = []
    template = _make_template([args, kwargs], references)
    nodes = [[item.layer, item.node_index, item.tensor_index, {}] for item in references]
    return {
        "class_name": Operation.__name__,
        "config": {
            "name": name,
            "trainable": config.get("trainable", True),
            "function": function,
            "args": template[0],
            "kwargs": template[1],
        },
        "name": name,
        "inbound_nodes": [nodes],
    }


def _read_tensorflow(name: Any, function: str, call: Call) -> tuple[str, list[Any], dict[str, Any]]:
    spelling = _TENSORFLOW.get(function.rpartition(".")[2])
    if spelling is None:
        raise ValueError(
            f"Layer {name!r} is TensorFlow's function {function}, which the engine does not have."
        )
    kwargs = dict(call.kwargs)
    args = [*call.args, *(kwargs.pop(key) for key in spelling.positions if key in kwargs)]
    return spelling.function, args, {spelling.renamed.get(key, key): item for key, item in kwargs.items()}


def _is_silent(name: Any, key: str, value: Any) -> bool:
    if key not in _SILENT:
        return False
    allowed = _SILENT[key]
    if allowed is not None and value not in allowed:
        raise ValueError(
            f"The function {name!r} is called with {key}={value!r}, which the engine does not know."
        )
    return True


def _make_template(value: Any, references: list[Reference]) -> Any:
    """Return arguments as `Operation` takes them, and list the tensors among them."""
    if isinstance(value, Reference):
        references.append(value)
        return {"input": len(references) - 1}
    if isinstance(value, list):
        return [_make_template(item, references) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"start", "stop", "step"}:
        return {"slice": [value["start"], value["stop"], value["step"]]}
    kind = value.get("class_name")
    if kind == "__slice__":
        return {"slice": [value["config"][key] for key in ("start", "stop", "step")]}
    if kind == "__ellipsis__":
        return {"ellipsis": True}
    if kind == "__tuple__":
        return _make_template(value["config"], references)
    if kind is not None:
        raise ValueError(f"A function of the model is called on a {kind}, which can't be read.")
    return {key: _make_template(item, references) for key, item in value.items()}
