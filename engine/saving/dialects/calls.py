"""How later lines write the calls that join layers, told as Keras 2.1.6 writes them: lists of coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.layers.newer.operation import WithMask

# What else than the first tensor these layers take by name, in the order in which they take them in a list.
_NAMED_TENSORS = dict.fromkeys(
    ("MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention"),
    ("query", "value", "key", "attention_mask"),
)
_DEFAULT_ROLES = ["query", "value", "key"]
# Layers of which Keras 3 writes `training=True` whether it was said or not; it goes by the phase all the same.
_ALWAYS_TRAINING = {
    "CenterCrop",
    "RandomBrightness",
    "RandomContrast",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "Rescaling",
    "Resizing",
}
# What tf_keras writes in place of a layer's name where a call's first argument is no tensor.
_CONSTANT = "_CONSTANT_VALUE"


@dataclass(frozen=True)
class Reference:
    """The tensor that a layer gave at a call."""

    layer: str
    node_index: int
    tensor_index: int


@dataclass(frozen=True)
class Call:
    """One call of a layer: its arguments, tensors as references."""

    args: list[Any]
    kwargs: dict[str, Any]

    @property
    def references(self) -> list[Reference]:
        """The tensors, in order."""
        return [*references_in(self.args), *references_in(list(self.kwargs.values()))]


def read_calls(nodes: Any, names: set[str], models: set[str]) -> list[Call]:
    """Return a layer's calls.

    Args:
        nodes: its `inbound_nodes`, of any line.
        names: the names of all layers.
        models: those of them that are models.
    """
    return [_read_call(node, names, models) for node in _node_list(nodes)]


def _node_list(nodes: Any) -> list[Any]:
    """Accept one call where a list of calls belongs."""
    is_single = bool(nodes) and isinstance(nodes[0], list) and bool(nodes[0]) and isinstance(nodes[0][0], str)
    return [nodes] if is_single else nodes


def _read_call(node: Any, names: set[str], models: set[str]) -> Call:
    if isinstance(node, dict) and "args" in node:
        return Call(_resolve(node["args"], models), _resolve(node.get("kwargs", {}), models))
    entries: list[Any] = []
    kwargs: dict[str, Any] = {}
    for entry in node:
        name, node_index, tensor_index, *rest = entry
        kwargs = rest[0] or {} if rest else {}
        entries.append(tensor_index if name == _CONSTANT else Reference(name, node_index, tensor_index))
    return Call(
        entries if len(entries) == 1 else [entries],
        {key: _resolve_coordinates(item, names) for key, item in kwargs.items()},
    )


def _resolve(value: Any, models: set[str]) -> Any:
    """Put references where Keras 3 describes tensors."""
    if isinstance(value, list):
        return [_resolve(item, models) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__keras_tensor__":
        name, node_index, tensor_index = value["config"]["keras_history"]
        # There a nested model's first call is number 0; here its construction is.
        return Reference(name, node_index + (name in models), tensor_index)
    return {key: _resolve(item, models) for key, item in value.items()}


def _resolve_coordinates(value: Any, names: set[str]) -> Any:
    """Put references where tf_keras writes coordinates among a call's named arguments."""
    if not isinstance(value, list):
        return value
    if len(value) >= 3 and isinstance(value[0], str) and value[0] in names:
        return Reference(*value[:3])
    return [_resolve_coordinates(item, names) for item in value]


def references_in(value: Any) -> list[Reference]:
    """Return the references in nested lists and dicts, in order."""
    if isinstance(value, Reference):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [reference for item in items for reference in references_in(item)]


def separate_mask(name: str, number: int, call: Call) -> tuple[Call, dict[str, Any] | None]:
    """Return a call without the mask that it names, and the entry of a layer that gives its input that mask.

    Keras 3 writes every mask that a layer is given, found by itself or not, as an argument of the call.

    Raises:
        ValueError: there are several masks.
    """
    mask = call.kwargs.get("mask")
    if not references_in(mask):
        return call, None
    if not isinstance(mask, Reference) or not call.args or not isinstance(call.args[0], Reference):
        raise ValueError(f"Layer {name!r} is called with several masks, which can't be read.")
    masked = Reference(f"{name}_mask_{number}", 0, 0)
    entry = {
        "class_name": WithMask.__name__,
        "config": {"name": masked.layer},
        "name": masked.layer,
        "inbound_nodes": [write_call(WithMask.__name__, Call([call.args[0], mask], {}))],
    }
    rest = {key: item for key, item in call.kwargs.items() if key != "mask"}
    return Call([masked, *call.args[1:]], rest), entry


def write_call(class_name: str, call: Call) -> list[Any]:
    """Return a call as coordinates, each with the call's other arguments."""
    arguments = {
        key: item
        for key, item in call.kwargs.items()
        if item is not None
        and not references_in(item)
        and not (key == "training" and class_name in _ALWAYS_TRAINING)
    }
    references = call.references
    if class_name in _NAMED_TENSORS:
        references, roles = _order_by_name(class_name, call)
        if roles != _DEFAULT_ROLES[: len(roles)]:
            arguments["roles"] = roles
    return [[item.layer, item.node_index, item.tensor_index, arguments] for item in references]


def _order_by_name(class_name: str, call: Call) -> tuple[list[Reference], list[str]]:
    names = _NAMED_TENSORS[class_name]
    positional = references_in(call.args)
    given: dict[str, Any] = dict(zip(names, positional, strict=False))
    given |= {key: item for key, item in call.kwargs.items() if isinstance(item, Reference)}
    unknown = given.keys() - set(names)
    if unknown:
        raise ValueError(f"{class_name} is called with tensors as {sorted(unknown)}, which can't be read.")
    roles = [name for name in names if name in given]
    return [given[name] for name in roles], roles
