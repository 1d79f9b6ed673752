"""How a model was compiled: its training configuration and its optimizer's state in files."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import optimizers
from engine.saving.dialects import training_to_keras_2
from engine.saving.optimizer_state import find_layout, restore_state


def describe_training(model: Any) -> dict[str, Any]:
    """Return a compiled model's training configuration as Keras 2.1.6 writes it.

    Arguments of the optimizer that 2.1.6 lacks stand beside its configuration, where no Keras looks.
    """
    optimizer = model.optimizer
    config = optimizer.get_config()
    later = {name: config.pop(name) for name in optimizer.later_arguments if name in config}
    return {
        "optimizer_config": {
            "class_name": type(optimizer).__name__,
            "config": config,
            **({"later_arguments": later} if later else {}),
        },
        "loss": model.loss,
        "metrics": model.metrics,
        "sample_weight_mode": model.sample_weight_mode,
        "loss_weights": model.loss_weights,
    }


def compile_as_saved(
    model: Any,
    training: dict[str, Any] | None,
    version: str,
    state: Sequence[Any] | None,
    custom_objects: dict[str, Any] | None,
) -> None:
    """Compile a model as a file says, and give its optimizer the state of then.

    Args:
        model: the model.
        training: the training configuration, of any line; None where the file has none.
        version: the version of Keras that wrote it.
        state: the optimizer's state as arrays or data sets; None where the file has none.
        custom_objects: classes and functions of one's own by name.

    Raises:
        ValueError: the configuration asks for something that Keras 2.1.6 does not know.
    """
    optimizer_config = training and (training.get("optimizer_config") or training.get("optimizer"))
    if not training or not optimizer_config:
        warnings.warn(
            "No training configuration found in save file: the model was *not* compiled. Compile it manually.",
            stacklevel=4,
        )
        return
    custom_objects = custom_objects or {}

    def resolve(value: Any) -> Any:
        """Put custom objects where the file has their names."""
        if isinstance(value, list):
            return [resolve(item) for item in value]
        if isinstance(value, dict):
            return {key: resolve(item) for key, item in value.items()}
        return custom_objects.get(value, value)

    arguments = training_to_keras_2(training, model.output_names, is_keras_3=version.startswith("3."))
    optimizer = optimizers.deserialize(arguments.pop("optimizer"), custom_objects)
    model.compile(optimizer, **{name: resolve(value) for name, value in arguments.items()})
    if state:
        _restore(model, optimizer_config, version, state)


def _restore(model: Any, optimizer: dict[str, Any], version: str, state: Sequence[Any]) -> None:
    # The state's variables come to be with the training function.
    model._step("train")
    layout = find_layout(version, optimizer)
    try:
        if layout is None:
            model.optimizer.set_weights([np.asarray(array) for array in state])
        else:
            restore_state(model.optimizer, state, layout)
    except ValueError as error:
        warnings.warn(
            f"Error in loading the saved optimizer state: {error} The model is starting with a freshly "
            "initialized optimizer.",
            stacklevel=4,
        )
