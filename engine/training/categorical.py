"""Class numbers as binary matrices."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_categorical(y: Any, num_classes: int | None = None) -> np.ndarray:
    """Return class numbers as a binary matrix, such as `categorical_crossentropy` takes.

    Args:
        y: class numbers from 0.
        num_classes: number of classes; by default one more than the greatest number.

    Shapes: (...,) or (..., 1) -> (..., num_classes).

    Raises:
        ValueError: a number is negative or too great for `num_classes`.
    """
    labels = np.array(y, dtype="int")
    shape = labels.shape[:-1] if labels.ndim > 1 and labels.shape[-1] == 1 else labels.shape
    if num_classes is None:
        num_classes = int(labels.max(initial=-1)) + 1
    if labels.size and not (labels.min() >= 0 and labels.max() < num_classes):
        raise ValueError(
            f"`to_categorical` takes class numbers from 0 to {num_classes - 1} for {num_classes} classes. "
            f"Found: {labels.min()} to {labels.max()}"
        )
    categorical = np.zeros((labels.size, num_classes), dtype=np.float32)
    categorical[np.arange(labels.size), labels.ravel()] = 1
    return categorical.reshape((*shape, num_classes))
