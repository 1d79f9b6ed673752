"""NumPy arrays for training (manual, sections 20.4 and 20.5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.training.categorical import to_categorical

__all__ = ["normalize", "to_categorical"]


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """Return an array whose vectors along an axis have norm 1; zero vectors stay as they are.

    Args:
        x: the array.
        axis: along which its vectors lie.
        order: order of the norm, such as 2 for the Euclidean one.
    """
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / np.expand_dims(norms, axis)
