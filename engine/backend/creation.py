"""Constant first values (manual, section 14.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from engine.backend.device import default_device
from engine.backend.dtypes import to_torch_dtype
from engine.backend.inference import is_computing
from engine.backend.shaping import to_sizes
from engine.backend.symbolic import SymbolicTensor, operation, record
from engine.backend.tensors import late_variable
from engine.graph import flatten

# Bytes from which the C library takes zeros from the system, which gives pages when they are first written.
_LARGE = 2**20
# What torch aligns its own memory to.
_ALIGNMENT = 64


def _fill(shape: Any, value: float, dtype: Any) -> torch.Tensor:
    sizes, element_type, device = to_sizes(shape), to_torch_dtype(dtype), default_device()
    if value == 0 and device.type == "cpu" and math.prod(sizes) * element_type.itemsize >= _LARGE:
        return _reserve_zeros(sizes, element_type)
    return torch.full(sizes, value, dtype=element_type, device=device)


def _reserve_zeros(sizes: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """Return zeros that take up memory only where they are written to; torch's own are written at once."""
    memory = np.zeros(math.prod(sizes) * dtype.itemsize + _ALIGNMENT, dtype="uint8")
    start = -memory.ctypes.data % _ALIGNMENT
    return torch.frombuffer(memory, dtype=dtype, count=math.prod(sizes), offset=start).view(*sizes)


def _make_filled(shape: Any, value: float, dtype: Any, name: str | None) -> Any:
    if any(isinstance(size, SymbolicTensor) for size in flatten(shape)):
        return record(_fill, (shape, value, dtype))
    if is_computing():
        return _fill(shape, value, dtype)
    sizes = tuple(to_sizes(shape))
    return late_variable(sizes, lambda: _fill(sizes, value, dtype), dtype, name, adopt=True)


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Make a variable of zeros; a tensor where the shape is symbolic.

    Args:
        shape: its shape.
        dtype: element type; `floatx` by default.
        name: a name.
    """
    return _make_filled(shape, 0, dtype, name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Make a variable of ones; a tensor where the shape is symbolic.

    Args:
        shape: its shape.
        dtype: element type; `floatx` by default.
        name: a name.
    """
    return _make_filled(shape, 1, dtype, name)


def eye(size: int, dtype: Any = None, name: str | None = None) -> Any:
    """Make a variable that holds an identity matrix.

    Args:
        size: number of rows and of columns.
        dtype: element type; `floatx` by default.
        name: a name.
    """

    def make() -> torch.Tensor:
        return torch.eye(size, dtype=to_torch_dtype(dtype), device=default_device())

    return make() if is_computing() else late_variable((size, size), make, dtype, name)


@operation
def zeros_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return zeros in the shape of `x`, in its type or another."""
    return torch.zeros_like(x, dtype=None if dtype is None else to_torch_dtype(dtype))


@operation
def ones_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return ones in the shape of `x`, in its type or another."""
    return torch.ones_like(x, dtype=None if dtype is None else to_torch_dtype(dtype))


@operation
def identity(x: Any, name: str | None = None) -> Any:
    """Return a tensor of the same content."""
    return torch.clone(x)


@operation
def to_dense(tensor: Any) -> Any:
    """Return a sparse tensor as a dense one, and a dense one as it is."""
    return tensor.to_dense() if tensor.is_sparse else tensor


def manual_variable_initialization(value: bool) -> None:
    """Do nothing: a variable takes its first value when that is first needed, whatever `value` says."""
