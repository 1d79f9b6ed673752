"""Training configurations in Keras 3's words: the other direction of `training`, for what this engine writes."""

from __future__ import annotations

import warnings
from typing import Any

from engine.saving.dialects.training import RENAMED_LOSSES, RENAMED_OF_OPTIMIZERS

_OPTIMIZERS = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")
_RENAMED_OF_OPTIMIZERS = {name: later for later, name in RENAMED_OF_OPTIMIZERS.items()}
_RENAMED_LOSSES = {
    **{name: later for later, name in RENAMED_LOSSES.items()},
    "cosine": "cosine_similarity",
    "kld": "kl_divergence",
    "KLD": "kl_divergence",
    **{name.upper(): name for name in ("mse", "mae", "mape", "msle")},
}
_RENAMED_METRICS = {**_RENAMED_LOSSES, "acc": "accuracy"}
# Keras 3's metric of that name has the opposite sign.
_REFUSED_METRICS = ("cosine", "cosine_proximity")
# Where Keras 3 computes otherwise: the setting that it has, and what that means.
_CHANGED_FORMULAS: dict[str, tuple[str, Any, Any, str]] = {
    "RMSprop": ("has_inner_epsilon", False, True, "it adds epsilon inside the root"),
    "Adagrad": ("has_inner_epsilon", False, True, "it adds epsilon inside the root"),
    "Nadam": ("schedule_decay", 0.004, 1.0, "its momentum warms up at another speed"),
}


def training_to_keras_3(model: Any) -> dict[str, Any]:
    """Return a compiled model's training configuration as Keras 3 writes it.

    Raises:
        ValueError: Keras 3 can't express it.
    """
    metrics = {
        key: _translate_metrics(getattr(model, key, None), model.output_names)
        for key in ("metrics", "weighted_metrics")
    }
    return {
        "optimizer": optimizer_to_keras_3(model.optimizer),
        "loss": _translate_names(model.loss, _RENAMED_LOSSES),
        "loss_weights": model.loss_weights,
        **metrics,
        "run_eagerly": False,
        "steps_per_execution": 1,
        "jit_compile": False,
    }


def optimizer_to_keras_3(optimizer: Any) -> dict[str, Any]:
    """Return an optimizer as Keras 3 describes it.

    Raises:
        ValueError: Keras 3 has none of that class.
    """
    class_name = type(optimizer).__name__
    if class_name not in _OPTIMIZERS:
        raise ValueError(
            f"The optimizer {class_name} can't be written for Keras 3. Save with `include_optimizer=False`."
        )
    arguments = optimizer.get_config()
    if class_name in _CHANGED_FORMULAS:
        key, default, expected, consequence = _CHANGED_FORMULAS[class_name]
        if arguments.pop(key, default) != expected:
            warnings.warn(
                f"Keras 3's {class_name} is not quite Keras 2's: {consequence}. Training goes on a little differently "
                "there.",
                stacklevel=2,
            )
    decay = arguments.pop("decay", 0.0)
    config = {_RENAMED_OF_OPTIMIZERS.get(key, key): value for key, value in arguments.items()}
    if decay:
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules",
            "class_name": "InverseTimeDecay",
            "config": {
                "initial_learning_rate": config["learning_rate"],
                "decay_steps": 1,
                "decay_rate": decay,
                "staircase": False,
                "name": "InverseTimeDecay",
            },
            "registered_name": None,
        }
    return {
        "module": "keras.optimizers",
        "class_name": class_name,
        "config": {"name": class_name.lower(), **config},
        "registered_name": None,
    }


def _translate_names(value: Any, renamed: dict[str, str]) -> Any:
    """Return the names of functions, in the structure in which they or the functions stand."""
    if isinstance(value, dict):
        return {key: _translate_names(item, renamed) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_translate_names(item, renamed) for item in value]
    if callable(value):
        if value.__module__.startswith("engine."):
            return renamed.get(value.__name__, value.__name__)
        return {
            "module": "builtins",
            "class_name": "function",
            "config": value.__name__,
            "registered_name": "function",
        }
    return renamed.get(value, value)


def _translate_metrics(metrics: Any, output_names: list[str]) -> Any:
    """Return metrics by output: there a list has an item an output, in Keras 2 all are for each output."""
    if not metrics:
        return None
    if isinstance(metrics, (list, tuple)) and len(output_names) > 1:
        metrics = {name: list(metrics) for name in output_names}
    translated = _translate_names(metrics, _RENAMED_METRICS)
    for metric in _REFUSED_METRICS:
        if metric in str(metrics):
            raise ValueError(
                f"The metric {metric!r} has the opposite sign in Keras 3, so it can't be written for it."
            )
    return translated
