"""Making, reading and assigning the tensors of a graph (manual, section 14.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from engine.backend.device import default_device
from engine.backend.dtypes import dtype_name, to_torch_dtype
from engine.backend.function import evaluate, to_numpy, to_sparse
from engine.backend.inference import is_computing
from engine.backend.symbolic import SymbolicTensor, operation
from engine.backend.variable import Constant, Placeholder, Variable
from engine.graph.tensor import Shape


def variable(
    value: Any, dtype: Any = None, name: str | None = None, constraint: Callable[[Any], Any] | None = None
) -> Variable | Constant:
    """Make a variable; of a sparse SciPy matrix, a sparse constant.

    Args:
        value: its first value: an array, a number, a nested list, a symbolic tensor or a sparse matrix.
        dtype: element type; `floatx` by default.
        name: a name.
        constraint: applied to the new value after each optimizer step.

    Raises:
        ValueError: a symbolic value has unknown dimensions.
    """
    if hasattr(value, "tocoo"):
        return Constant(to_sparse(value).to(default_device(), to_torch_dtype(dtype)), name or "constant")
    if isinstance(value, SymbolicTensor):
        if None in value.shape:
            raise ValueError(f"A variable needs a known shape, but {value!r} has unknown dimensions.")
        shape: tuple[int, ...] = value.shape  # type: ignore[assignment]
        return late_variable(shape, lambda: value, dtype or value.dtype, name, constraint)
    array = value if isinstance(value, torch.Tensor) else np.asarray(value)
    made = Variable(tuple(array.shape), dtype, lambda: array, name, constraint)
    made.assign(array)
    return made


def late_variable(
    shape: Sequence[int],
    initializer: Callable[[], Any],
    dtype: Any = None,
    name: str | None = None,
    constraint: Callable[[Any], Any] | None = None,
    trainable: bool = True,
    adopt: bool = False,
) -> Variable:
    """Make a variable whose initializer runs when the value is first needed; arguments as in `Variable`."""

    def initialize() -> Any:
        return evaluate(initializer())

    return Variable(tuple(shape), dtype, initialize, name, constraint, trainable, adopt)


def constant(
    value: Any, dtype: Any = None, shape: Sequence[int] | None = None, name: str | None = None
) -> Any:
    """Make a tensor with a fixed value.

    Args:
        value: an array, a number or a nested list.
        dtype: element type; `floatx` by default.
        shape: repeats a single value to this shape.
        name: a name.
    """
    array = value if isinstance(value, torch.Tensor) else torch.as_tensor(np.asarray(value))
    tensor = array.to(device=default_device(), dtype=to_torch_dtype(dtype))
    if shape is not None:
        tensor = tensor.expand(tuple(shape)) if tensor.ndim == 0 else tensor.reshape(tuple(shape))
        tensor = tensor.contiguous()
    return tensor if is_computing() else Constant(tensor, name or "constant")


def placeholder(
    shape: Sequence[int | None] | None = None,
    ndim: int | None = None,
    dtype: Any = None,
    sparse: bool = False,
    name: str | None = None,
    like: SymbolicTensor | None = None,
) -> Placeholder:
    """Make a tensor whose value is given when a function is called.

    Args:
        shape: static shape; None marks an unknown dimension.
        ndim: number of axes, all unknown, where no shape is given.
        dtype: element type; `floatx` by default.
        sparse: whether sparse matrices are given for it.
        name: a name.
        like: a tensor with whose unknown dimensions the placeholder's agree.

    Raises:
        ValueError: neither `shape` nor `ndim` is given.
    """
    if shape is None:
        if ndim is None:
            raise ValueError("A placeholder needs `shape` or `ndim`.")
        shape = (None,) * ndim
    made = Placeholder(tuple(shape), dtype, name, like=like)
    made.is_sparse = sparse  # type: ignore[attr-defined]
    return made


def is_placeholder(x: Any) -> bool:
    """Tell whether `x` is a placeholder."""
    return isinstance(x, Placeholder)


def is_tensor(x: Any) -> bool:
    """Tell whether `x` is a symbolic tensor or a torch tensor."""
    return isinstance(x, (SymbolicTensor, torch.Tensor))


def is_keras_tensor(x: Any) -> bool:
    """Tell whether a layer (or `Input`) made `x`.

    Raises:
        ValueError: `x` is not symbolic at all.
    """
    if not isinstance(x, SymbolicTensor):
        raise ValueError(
            f"Unexpectedly found an instance of type `{type(x)}`. Expected a symbolic tensor instance."
        )
    return x._keras_history is not None


def is_sparse(tensor: Any) -> bool:
    """Tell whether a tensor holds sparse values."""
    if isinstance(tensor, SymbolicTensor):
        return bool(tensor.__dict__.get("is_sparse", False))
    return isinstance(tensor, torch.Tensor) and tensor.is_sparse


def int_shape(x: Any) -> Shape:
    """Return the static shape as a tuple, with None for unknown dimensions."""
    return tuple(x.shape)


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return len(x.shape)


def dtype(x: Any) -> str:
    """Return the element type's name."""
    return dtype_name(x.dtype) if isinstance(x, torch.Tensor) else str(x.dtype)


@operation
def shape(x: Any) -> Any:
    """Return the shape as an integer tensor, known when data arrives."""
    return torch.tensor(x.shape, dtype=torch.int64, device="cpu")


@operation
def size(x: Any, name: str | None = None) -> Any:
    """Return the number of elements as an integer tensor."""
    return torch.tensor(x.numel(), dtype=torch.int64, device="cpu")


def count_params(x: Any) -> int:
    """Return the number of elements of a variable or of another tensor of known shape."""
    return int(np.prod(np.array(int_shape(x), dtype=np.int64)))


def initialize_variables(variables: Sequence[Variable]) -> None:
    """Give variables that wait for their first value that value, and all that were made before them."""
    for x in variables:
        evaluate(x)


def get_value(x: Variable) -> np.ndarray:
    """Return a variable's value as a NumPy array."""
    value = to_numpy(evaluate(x))
    return value.copy() if isinstance(value, np.ndarray) else value


def batch_get_value(ops: Sequence[Variable]) -> list[np.ndarray]:
    """Return the values of several variables as NumPy arrays."""
    return [get_value(x) for x in ops]


def set_value(x: Variable, value: Any) -> None:
    """Assign a NumPy array to a variable.

    Raises:
        ValueError: the shape is another one.
    """
    x.assign(value)


def batch_set_value(tuples: Sequence[tuple[Variable, Any]]) -> None:
    """Assign NumPy arrays to several variables, given as (variable, value) pairs."""
    for x, value in tuples:
        x.assign(value)
