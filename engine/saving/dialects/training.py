"""Training configurations of later lines, told in the words of `compile` of Keras 2.1.6."""

from __future__ import annotations

from typing import Any

# Arguments of later optimizers that 2.1.6 lacks, with the values at which they change nothing; None is any value.
_NEUTRAL_OF_OPTIMIZERS: dict[str, tuple[Any, ...] | None] = {
    "name": None,
    "weight_decay": (None, 0, False),
    "use_ema": (False,),
    "ema_momentum": None,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
    "jit_compile": None,
    "is_legacy_optimizer": None,
    "momentum": (0,),
    "centered": (False,),
}
_OWN_OF_OPTIMIZERS = {"SGD": {"momentum"}}
# There `clipnorm` is the norm of each gradient; 2.1.6's is that of all together.
RENAMED_OF_OPTIMIZERS = {
    "learning_rate": "lr",
    "global_clipnorm": "clipnorm",
    "clipnorm": "clipnorm_of_each",
}
_OPTIMIZERS = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")
# Formulas that changed after tf.keras 2.10, as arguments of the engine's optimizers.
_CHANGED_FORMULAS: dict[str, dict[str, Any]] = {
    "RMSprop": {"has_inner_epsilon": True},
    "Adagrad": {"has_inner_epsilon": True},
    "Nadam": {"schedule_decay": 1.0},
}
# The learning rates of optimizers that are given by their names alone.
_DEFAULT_RATES = {"sgd": 0.01}
_OTHER_DEFAULT_RATE = 0.001

# Names of functions that changed.
RENAMED_LOSSES = {
    "cosine_similarity": "cosine_proximity",
    "kl_divergence": "kullback_leibler_divergence",
    "log_cosh": "logcosh",
}
_LOSS_CLASSES = {
    "MeanSquaredError": "mean_squared_error",
    "MeanAbsoluteError": "mean_absolute_error",
    "MeanAbsolutePercentageError": "mean_absolute_percentage_error",
    "MeanSquaredLogarithmicError": "mean_squared_logarithmic_error",
    "BinaryCrossentropy": "binary_crossentropy",
    "CategoricalCrossentropy": "categorical_crossentropy",
    "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy",
    "Hinge": "hinge",
    "SquaredHinge": "squared_hinge",
    "CategoricalHinge": "categorical_hinge",
    "LogCosh": "logcosh",
    "Poisson": "poisson",
    "KLDivergence": "kullback_leibler_divergence",
    "CosineSimilarity": "cosine_proximity",
}
_METRIC_CLASSES = {
    **{name: function for name, function in _LOSS_CLASSES.items() if name != "CosineSimilarity"},
    "BinaryAccuracy": "binary_accuracy",
    "CategoricalAccuracy": "categorical_accuracy",
    "SparseCategoricalAccuracy": "sparse_categorical_accuracy",
    "TopKCategoricalAccuracy": "top_k_categorical_accuracy",
    "SparseTopKCategoricalAccuracy": "sparse_top_k_categorical_accuracy",
}
# Arguments of losses and metrics, with the values that stand for 2.1.6's functions.
_NEUTRAL_OF_LOSSES: dict[str, tuple[Any, ...]] = {
    "reduction": ("sum_over_batch_size", "auto", "mean"),
    "from_logits": (False,),
    "label_smoothing": (0,),
    "axis": (-1,),
    "ignore_class": (None,),
    "threshold": (0.5,),
    "k": (5,),
}


def training_to_keras_2(
    training: dict[str, Any], output_names: list[str], is_keras_3: bool
) -> dict[str, Any]:
    """Return the arguments of `compile` that a training configuration means, the optimizer as a configuration.

    Args:
        training: the attribute `training_config` of an `.h5` file, or `compile_config` of a `.keras` file.
        output_names: the model's outputs.
        is_keras_3: whether Keras 3 wrote it.

    Raises:
        ValueError: an optimizer, loss or metric is asked for that 2.1.6 can't express.
    """
    optimizer = training["optimizer_config"] if "optimizer_config" in training else training["optimizer"]
    return {
        "optimizer": optimizer_to_keras_2(optimizer),
        "loss": _translate_loss(training.get("loss")),
        "metrics": _translate_metrics(training.get("metrics"), output_names, is_keras_3),
        "weighted_metrics": _translate_metrics(training.get("weighted_metrics"), output_names, is_keras_3),
        "loss_weights": training.get("loss_weights"),
        "sample_weight_mode": training.get("sample_weight_mode"),
    }


def optimizer_to_keras_2(optimizer: Any) -> dict[str, Any]:
    """Return an optimizer's class name and configuration in the words of 2.1.6.

    Args:
        optimizer: the same of any line, or a name.

    Raises:
        ValueError: it asks for something that 2.1.6 can't express.
    """
    if isinstance(optimizer, str):
        rate = _DEFAULT_RATES.get(optimizer.lower(), _OTHER_DEFAULT_RATE)
        optimizer = {"class_name": optimizer, "config": {"name": optimizer, "learning_rate": rate}}
    # Registered names carry a package, such as `Custom>Adam`; the class alone counts.
    class_name = optimizer["class_name"].rpartition(">")[2]
    config = optimizer["config"]
    class_name = next((name for name in _OPTIMIZERS if name.lower() == class_name.lower()), class_name)
    if class_name not in _OPTIMIZERS:
        return {"class_name": class_name, "config": config}
    if "name" not in config:
        # Keras up to 2.3 on its own; its clipnorm is the norm of all gradients together.
        renamed = {"learning_rate": "lr"}
        arguments = {renamed.get(key, key): config[key] for key in config}
        return {"class_name": class_name, "config": {**arguments, **optimizer.get("later_arguments", {})}}
    own = _OWN_OF_OPTIMIZERS.get(class_name, set())
    result: dict[str, Any] = {}
    for key, value in config.items():
        if key in _NEUTRAL_OF_OPTIMIZERS and key not in own:
            _check_neutral(class_name, key, value, _NEUTRAL_OF_OPTIMIZERS[key])
        elif value is not None or key == "epsilon":
            result[RENAMED_OF_OPTIMIZERS.get(key, key)] = value
    if isinstance(result.get("lr"), dict):
        result.update(_translate_schedule(class_name, result["lr"]))
    if "decay" in config and class_name == "Nadam":
        result["schedule_decay"] = result.pop("decay")
    if "decay" not in config:
        result.update(_CHANGED_FORMULAS.get(class_name, {}))
    return {"class_name": class_name, "config": result}


def _check_neutral(class_name: str, key: str, value: Any, values: tuple[Any, ...] | None) -> None:
    if values is not None and value not in values:
        raise ValueError(
            f"{class_name} has {key}={value!r}, which Keras 2.1.6 does not know; only {key}={values[0]!r} can be "
            "taken over. Load the model with `compile=False` and compile it."
        )


def _translate_schedule(class_name: str, schedule: dict[str, Any]) -> dict[str, Any]:
    """Return the learning rate and decay of the one schedule that 2.1.6 has."""
    config = schedule.get("config", {})
    if schedule.get("class_name") != "InverseTimeDecay" or config.get("staircase"):
        raise ValueError(
            f"{class_name} has the learning rate schedule {schedule.get('class_name')!r}; Keras 2.1.6 knows "
            "InverseTimeDecay only, as `decay`. Load the model with `compile=False`, compile it, and use the "
            "callback LearningRateScheduler."
        )
    return {"lr": config["initial_learning_rate"], "decay": config["decay_rate"] / config["decay_steps"]}


def _translate_loss(loss: Any) -> Any:
    if isinstance(loss, str):
        return RENAMED_LOSSES.get(loss, loss)
    if isinstance(loss, list):
        return [_translate_loss(item) for item in loss]
    if isinstance(loss, dict) and "class_name" not in loss:
        return {name: _translate_loss(item) for name, item in loss.items()}
    if isinstance(loss, dict):
        return _translate_object("loss", loss, _LOSS_CLASSES)
    return loss


def _translate_object(kind: str, entry: dict[str, Any], classes: dict[str, str]) -> str:
    """Return the name of the function that a loss or metric object stands for."""
    class_name, config = str(entry["class_name"]).rpartition(">")[2], entry.get("config")
    if isinstance(config, str):
        return RENAMED_LOSSES.get(config, config) if kind == "loss" else config
    config = config or {}
    if class_name not in classes and not isinstance(config.get("fn"), str):
        raise ValueError(
            f"The {kind} {class_name!r} is none that Keras 2.1.6 knows. Load the model with `compile=False` and "
            "compile it."
        )
    for key, values in _NEUTRAL_OF_LOSSES.items():
        if key in config:
            _check_neutral(class_name, key, config[key], values)
    return classes.get(class_name) or str(config["fn"])


def _translate_metrics(metrics: Any, output_names: list[str], is_keras_3: bool) -> Any:
    if isinstance(metrics, dict):
        return {name: _translate_metrics(item, output_names[:1], False) for name, item in metrics.items()}
    if not isinstance(metrics, list):
        return metrics if metrics is None else [_translate_metric(metrics)]
    is_per_output = bool(metrics) and all(isinstance(item, list) for item in metrics)
    if is_per_output or (is_keras_3 and len(output_names) > 1):
        lists = [item if isinstance(item, list) else [] if item is None else [item] for item in metrics]
        named = zip(output_names, lists, strict=False)
        translated = {name: [_translate_metric(metric) for metric in item] for name, item in named}
        return translated if len(output_names) > 1 else translated.get(output_names[0])
    return [_translate_metric(metric) for metric in metrics]


def _translate_metric(metric: Any) -> Any:
    if not isinstance(metric, dict):
        return metric
    config = metric.get("config")
    # `accuracy` becomes one of several functions there, and keeps its name.
    is_accuracy = isinstance(config, dict) and "fn" in config and _is_named_accuracy(config)
    return "accuracy" if is_accuracy else _translate_object("metric", metric, _METRIC_CLASSES)


def _is_named_accuracy(config: dict[str, Any]) -> bool:
    return str(config.get("name", "")).rpartition("_")[2] in ("accuracy", "acc")
