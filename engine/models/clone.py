"""A second model of the same architecture with weights of its own."""

from __future__ import annotations

from typing import Any

from engine.layers.input import Input
from engine.models.model import Model
from engine.models.sequential import Sequential


def clone_model(model: Any, input_tensors: Any = None) -> Any:
    """Return a model of the same architecture with new layers and newly initialised weights.

    Args:
        model: a `Model` or `Sequential`.
        input_tensors: tensors to read from; new inputs by default.

    Raises:
        ValueError: the number of tensors is wrong.
    """
    if isinstance(model, Sequential):
        copy: Any = Sequential.from_config({"name": model.name, "layers": model.get_config()})
    else:
        copy = Model.from_config(model.get_config())
    if input_tensors is None:
        return copy
    tensors = list(input_tensors) if isinstance(input_tensors, (list, tuple)) else [input_tensors]
    if len(tensors) != len(model.inputs):
        raise ValueError(f"The model has {len(model.inputs)} inputs, but {len(tensors)} tensors were given.")
    named = [x if getattr(x, "_keras_history", None) else Input(tensor=x) for x in tensors]
    return Model(named, copy(named[0] if len(named) == 1 else named), name=model.name)
