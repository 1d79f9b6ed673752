"""Sample weights and class weights as users give them, and what they come to for each sample."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np


def standardize_by_output(value: Any, names: Sequence[str], argument: str) -> list[Any]:
    """Return one class weight or sample weight an output.

    Raises:
        ValueError: their number does not fit.
        TypeError: several outputs, and neither a list nor a dict.
    """
    if value is None or (hasattr(value, "__len__") and len(value) == 0):
        return [None] * len(names)
    if len(names) == 1:
        if isinstance(value, (list, tuple)) and len(value) == 1:
            return list(value)
        return [value[names[0]]] if isinstance(value, dict) and names[0] in value else [value]
    if isinstance(value, (list, tuple)):
        if len(value) != len(names):
            raise ValueError(
                f"Provided `{argument}` was a list of {len(value)} elements, but the model has {len(names)} "
                f"outputs. You should provide one `{argument}` array per model output."
            )
        return list(value)
    if isinstance(value, dict):
        return [value.get(name) for name in names]
    raise TypeError(
        f"The model has multiple outputs, so `{argument}` should be either a list or a dict. Provided "
        f"`{argument}` type not understood: {type(value)}"
    )


def standardize_weights(
    target: Any, sample_weight: Any, class_weight: Any, mode: str | None
) -> np.ndarray | None:
    """Return the weights of one output's samples, or None where each weighs one.

    Args:
        target: the targets.
        sample_weight: a weight a sample, or a time step in mode `temporal`.
        class_weight: a dict from class number to weight.
        mode: the output's sample weight mode.

    Raises:
        ValueError: shapes do not fit, or a class has no weight.
    """
    if mode not in (None, "temporal"):
        raise ValueError(f'"sample_weight_mode should be None or "temporal". Found: {mode}')
    if sample_weight is not None and class_weight is not None:
        warnings.warn(
            "Found both `sample_weight` and `class_weight`: `class_weight` argument will be ignored.",
            stacklevel=5,
        )
    if sample_weight is not None:
        weights = np.asarray(sample_weight)
        axes = 2 if mode == "temporal" else 1
        if weights.ndim != axes:
            hint = (
                ""
                if mode
                else ' In order to use timestep-wise weights, specify sample_weight_mode="temporal" in compile().'
            )
            raise ValueError(
                f"Found a sample_weight array with shape {weights.shape}, but sample_weight_mode={mode!r} wants "
                f"{axes}D weights.{hint}"
            )
        if tuple(target.shape[:axes]) != weights.shape:
            raise ValueError(
                f"Found a sample_weight array with shape {weights.shape} for a target with shape "
                f"{tuple(target.shape)}. sample_weight cannot be broadcast."
            )
        return weights
    return None if class_weight is None else _weights_of_classes(np.asarray(target), class_weight)


def _weights_of_classes(target: np.ndarray, class_weight: Any) -> np.ndarray:
    if target.ndim > 2:
        raise ValueError("`class_weight` not supported for 3+ dimensional targets.")
    if not isinstance(class_weight, dict):
        raise ValueError(
            "`class_weight` must be a dict from class number to weight, such as {0: 1.0, 1: 5.0}. Found: "
            f"{class_weight!r}"
        )
    classes = (
        target.argmax(axis=1) if target.ndim == 2 and target.shape[1] > 1 else target.reshape(len(target))
    )
    missing = sorted(set(np.unique(classes).tolist()) - set(class_weight))
    if missing:
        raise ValueError(
            f"`class_weight` must contain all classes in the data. The classes {missing} exist in the data but "
            "not in `class_weight`."
        )
    return np.asarray([class_weight[label] for label in classes.tolist()])
