"""Changing the element type (manual, section 14.5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backend.config import floatx
from engine.backend.dtypes import to_torch_dtype
from engine.backend.symbolic import operation


@operation
def cast(x: Any, dtype: Any) -> Any:
    """Return the tensor with another element type.

    Args:
        x: a tensor.
        dtype: the type's name, such as `float16` or `int32`.
    """
    return x.to(to_torch_dtype(dtype))


def cast_to_floatx(x: Any) -> np.ndarray:
    """Return a NumPy array with elements of the default float type."""
    return np.asarray(x, dtype=floatx())
