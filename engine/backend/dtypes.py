"""Element types by Keras's names."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from engine.backend.config import floatx

_TORCH_DTYPES: dict[str, torch.dtype] = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
    "int8": torch.int8,
    "int16": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
    "uint8": torch.uint8,
    "uint16": torch.uint16,
    "uint32": torch.uint32,
    "uint64": torch.uint64,
    "bool": torch.bool,
    "complex64": torch.complex64,
    "complex128": torch.complex128,
}
_NAMES = {dtype: name for name, dtype in _TORCH_DTYPES.items()}


def to_torch_dtype(dtype: Any) -> torch.dtype:
    """Return the torch type for a name, a NumPy type, a torch type, or None for `floatx`.

    Raises:
        ValueError: the type is unknown.
    """
    if isinstance(dtype, torch.dtype):
        return dtype
    name = floatx() if dtype is None else dtype if isinstance(dtype, str) else np.dtype(dtype).name
    try:
        return _TORCH_DTYPES[name]
    except KeyError:
        raise ValueError(f"Unknown dtype {name!r}. Known: {', '.join(_TORCH_DTYPES)}.") from None


def dtype_name(dtype: torch.dtype) -> str:
    """Return Keras's name of a torch type."""
    return _NAMES[dtype]
