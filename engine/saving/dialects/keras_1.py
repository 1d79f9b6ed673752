"""What Keras 1 writes, told in Keras 2.1.6's words.

Arguments have the names that constructors still take (`engine.legacy`); here is what only files have.
"""

from __future__ import annotations

from typing import Any

from engine.layers.registry import LAYERS
from engine.legacy.class_spellings import CLASS_SPELLINGS

# `Dense` works on every step by itself now; convolutions take their gaps as an argument.
_CLASSES = {
    "TimeDistributedDense": "Dense",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
}
# Layers that note their input's sizes once they are built; where it matters there is `batch_input_shape` too.
_SIZED = {
    "Dense",
    "Conv1D",
    "LocallyConnected1D",
    "SimpleRNN",
    "GRU",
    "LSTM",
    "ConvLSTM2D",
    "Highway",
    "MaxoutDense",
}
_SIZES = ("input_dim", "input_length")


def class_in_keras_2(class_name: str) -> str:
    """Return a layer class's name in Keras 2."""
    return _CLASSES.get(class_name, class_name)


def to_keras_2(value: Any) -> Any:
    """Return a configuration with Keras 1's words replaced; those of other versions stay as they are.

    Args:
        value: a model's configuration, or any part of one.

    Raises:
        ValueError: it asks for something that Keras 2 can't express.
    """
    if isinstance(value, list):
        return [to_keras_2(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("class_name"), str) and isinstance(value.get("config"), dict):
        return _translate_object(value)
    return {key: to_keras_2(item) for key, item in value.items()}


def _translate_object(entry: dict[str, Any]) -> dict[str, Any]:
    class_name = class_in_keras_2(entry["class_name"])
    config = _translate_arguments(class_name, entry["config"])
    rest = {key: to_keras_2(item) for key, item in entry.items() if key != "config"}
    return {**rest, "class_name": class_name, "config": config}


def _translate_arguments(class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    layer_class = LAYERS.objects.get(class_name)
    known_name = class_name if layer_class is None else layer_class.__name__
    if known_name in _SIZED:
        config = {key: item for key, item in config.items() if key not in _SIZES}
    if layer_class is not None and "input_dtype" in config:
        config = {"dtype" if key == "input_dtype" else key: item for key, item in config.items()}
    if known_name in CLASS_SPELLINGS:
        try:
            config = CLASS_SPELLINGS[known_name].update(config)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{class_name} {config.get('name', '')!r}: {error}") from error
    return {key: _translate_argument(key, item) for key, item in config.items()}


def _translate_argument(key: str, value: Any) -> Any:
    """Translate an argument's value; Keras 1 wrote a penalty's or constraint's name among its arguments."""
    is_named = isinstance(value, dict) and "class_name" not in value and isinstance(value.get("name"), str)
    if is_named and key.endswith(("_regularizer", "_constraint")):
        arguments = {name: item for name, item in value.items() if name != "name"}
        value = {"class_name": value["name"], "config": arguments}
    return to_keras_2(value)
