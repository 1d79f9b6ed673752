"""Model definitions from strangers: checked as data before a model is built from them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from engine import backend as K
from engine.layers.location import ConfigurationError
from engine.layers.registry import LAYERS
from engine.saving.config import model_from_config
from engine.saving.dialects import class_in_keras_2
from engine.saving.yaml_text import read_yaml

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}\Z")
# Layers that carry code.
_REFUSED_CLASSES = {"Lambda": "it carries code"}
# What marshalled functions and pickles hide behind.
_REFUSED_KEYS = {
    "function_type",
    "mode_type",
    "output_shape_type",
    "output_mask_type",
    "mask_type",
    "py/object",
    "py/reduce",
}
_SHAPES = ("batch_input_shape", "batch_shape", "input_shape", "target_shape")
_MAX_RANK = 32
_REFUSED_OBJECTS = {"__lambda__", "__bytes__", "__typespec__", "__exec__"}


class DefinitionError(ValueError):
    """A model definition that is refused or makes no model.

    Args:
        message: what is wrong.
        pointer: where, as a JSON pointer (RFC 6901) into the definition.
    """

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer


@dataclass(frozen=True)
class DefinitionLimits:
    """How large a definition may be.

    Args:
        text_bytes: bytes of text.
        depth: nesting of lists and objects.
        layers: layers in all, nested ones included.
        parameters: parameters in all.
        activation_bytes: bytes of all layers' outputs for one sample.
    """

    text_bytes: int = 8 * 1024 * 1024
    depth: int = 64
    layers: int = 10_000
    parameters: int = 2_000_000_000
    activation_bytes: int = 16 * 1024**3


@dataclass(frozen=True)
class Definition:
    """A definition that passed the checks; `build` makes the model."""

    config: dict[str, Any]
    limits: DefinitionLimits

    def build(self) -> Any:
        """Make the model, symbolically: no weight takes memory yet.

        Raises:
            DefinitionError: the definition makes no model, or too large a one.
        """
        try:
            model = model_from_config(self.config)
        except ConfigurationError as error:
            raise DefinitionError(error.message, error.pointer) from error
        parameters = sum(K.count_params(weight) for weight in model.weights)
        if parameters > self.limits.parameters:
            raise DefinitionError(
                f"The model has {parameters:,} parameters; at most {self.limits.parameters:,} are allowed."
            )
        activations = activation_bytes(model)
        if activations > self.limits.activation_bytes:
            raise DefinitionError(
                f"The layers' outputs take {activations:,} bytes a sample; at most "
                f"{self.limits.activation_bytes:,} are allowed."
            )
        return model


def activation_bytes(model: Any) -> int:
    """Return the bytes of all layers' outputs for one sample, unknown sizes counted as one."""
    total = 0
    for layer in model.layers:
        for node in layer._inbound_nodes[-1:]:
            for tensor in node.output_tensors:
                total += 4 * math.prod(size or 1 for size in tensor.shape[1:])
    return total


def read_definition(text: Any, limits: DefinitionLimits | None = None) -> Definition:
    """Check a model definition as data.

    Only layers that the engine knows may stand in it, no code, and no more of anything than the limits allow.

    Args:
        text: JSON or YAML text, or what such text means.
        limits: how large it may be.

    Raises:
        DefinitionError: it is refused; the error says where and why.
    """
    limits = limits or DefinitionLimits()
    config = _parse(text, limits) if isinstance(text, (str, bytes)) else text
    if not isinstance(config, dict):
        raise DefinitionError(
            f"A model definition is an object with `class_name` and `config`. Found: {_kind(config)}"
        )
    for key in ("class_name", "config"):
        if key not in config:
            raise DefinitionError(
                f"The definition lacks `{key}`: send what `model.to_json()` gives.", f"/{key}"
            )
    count = 0
    for pointer, value, depth in _walk(config):
        if depth > limits.depth:
            raise DefinitionError(f"The definition is nested deeper than {limits.depth} levels.", pointer)
        if isinstance(value, dict):
            count += _check_object(value, pointer)
            if count > limits.layers:
                raise DefinitionError(f"The definition has more than {limits.layers:,} layers.", pointer)
        elif isinstance(value, float) and not math.isfinite(value):
            raise DefinitionError(f"Numbers must be finite. Found: {value}", pointer)
        elif isinstance(value, int) and abs(value) > 2**63 - 1:
            raise DefinitionError("A number is too large.", pointer)
    if config["class_name"] not in ("Model", "Sequential", "Functional"):
        raise DefinitionError(
            f"The definition must be of a Sequential or functional model. Found: {config['class_name']!r}",
            "/class_name",
        )
    return Definition(config, limits)


def _parse(text: str | bytes, limits: DefinitionLimits) -> Any:
    if len(text) > limits.text_bytes:
        raise DefinitionError(
            f"The definition has {len(text):,} bytes; at most {limits.text_bytes:,} are allowed."
        )
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        if decoded.lstrip()[:1] in ("{", "[", '"'):
            return json.loads(decoded)
        if "&" in decoded and re.search(r"(^|\s)[&*][A-Za-z0-9_-]+", decoded):
            raise DefinitionError("YAML anchors and aliases are refused.")
        return read_yaml(decoded)
    except json.JSONDecodeError as error:
        raise DefinitionError(
            f"The definition is no JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except UnicodeDecodeError as error:
        raise DefinitionError(
            f"The definition is no UTF-8 text: {error.reason} at byte {error.start}."
        ) from error
    except yaml.YAMLError as error:
        raise DefinitionError(f"The definition is neither JSON nor plain YAML: {error}") from error
    except RecursionError as error:
        raise DefinitionError(f"The definition is nested deeper than {limits.depth} levels.") from error


def _kind(value: Any) -> str:
    return {list: "a list", str: "a string", type(None): "nothing"}.get(type(value), type(value).__name__)


def _walk(value: Any) -> Iterator[tuple[str, Any, int]]:
    """Yield every value with its pointer and depth, without recursion."""
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    while stack:
        pointer, item, depth = stack.pop()
        yield pointer, item, depth
        if isinstance(item, dict):
            pairs: Any = [
                (str(key).replace("~", "~0").replace("/", "~1"), child) for key, child in item.items()
            ]
        elif isinstance(item, list):
            pairs = enumerate(item)
        else:
            continue
        stack.extend((f"{pointer}/{key}", child, depth + 1) for key, child in pairs)


def _check_object(value: dict[str, Any], pointer: str) -> int:
    """Check one object of the definition; return 1 where it is a layer."""
    for key in value:
        if not isinstance(key, str):
            raise DefinitionError(f"Keys must be text. Found: {key!r}", pointer)
    for key in _SHAPES:
        if isinstance(value.get(key), list) and len(value[key]) > _MAX_RANK:
            raise DefinitionError(f"Shapes have at most {_MAX_RANK} sizes.", f"{pointer}/{key}")
    # Keras 1's `Merge` says `raw` of what is no function.
    found = {key for key in _REFUSED_KEYS if value.get(key, "raw") != "raw"}
    if found:
        raise DefinitionError(f"{sorted(found)[0]!r} marks code, which is refused.", pointer)
    class_name = value.get("class_name")
    if class_name is None:
        return 0
    if not isinstance(class_name, str):
        raise DefinitionError(f"`class_name` must be text. Found: {class_name!r}", f"{pointer}/class_name")
    if class_name in _REFUSED_OBJECTS or class_name in _REFUSED_CLASSES:
        reason = _REFUSED_CLASSES.get(class_name, "it carries code")
        raise DefinitionError(f"{class_name} is refused: {reason}.", f"{pointer}/class_name")
    if not isinstance(value.get("config"), (dict, list)) and class_name not in ("function", "__ellipsis__"):
        raise DefinitionError(f"{class_name} lacks its `config`.", f"{pointer}/config")
    return _check_layer(value, class_name, pointer)


def _check_layer(value: dict[str, Any], class_name: str, pointer: str) -> int:
    config = value["config"] if isinstance(value.get("config"), dict) else {}
    is_layer = "name" in config and (
        "trainable" in config or "inbound_nodes" in value or "batch_input_shape" in config
    )
    is_layer = is_layer or bool(re.match(r"(/config(/layers)?/\d+|.*/layers/\d+)\Z", pointer))
    if not is_layer:
        return 0
    name = config.get("name", value.get("name"))
    if name is not None and not (isinstance(name, str) and _NAME.match(name)):
        raise DefinitionError(
            f"The name {str(name)[:80]!r} is refused: use letters, digits, `_`, `-` and `.`, at most 200, not "
            "beginning with a dot.",
            f"{pointer}/config/name",
        )
    translated = class_in_keras_2(class_name)
    if translated not in LAYERS.objects:
        of = f"{name}: " if name else ""
        raise DefinitionError(of + LAYERS.explain(translated), f"{pointer}/class_name")
    return 1
