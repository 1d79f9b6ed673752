"""Symbolic tensors over torch, and the decorator that makes a torch function record or compute."""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import torch

from engine.backend.device import default_device, scope_device
from engine.backend.dtypes import dtype_name, to_torch_dtype
from engine.backend.indexing import choose_getter
from engine.backend.inference import Examples, infer, is_computing
from engine.graph import Operation, Tensor, flatten, map_structure
from engine.graph.tensor import Shape

F = TypeVar("F", bound=Callable[..., Any])

# Arguments that are tensors: a number, a list or a tuple given for one becomes a tensor. As the second operand
# a number stays one, since it then takes on the other's type.
_TENSOR_ARGUMENTS = frozenset(
    {"x", "y", "condition", "then_value", "else_value", "target", "output", "reference", "indices"}
    | {"predictions", "targets", "bias"}
)


class SymbolicTensor(Tensor):
    """A symbolic tensor that stands for a `torch.Tensor`: operators, indexing and torch functions record."""

    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(
        self,
        examples: Examples,
        name: str,
        operation: Operation | None = None,
        position: int = 0,
        shape: Shape | None = None,
    ) -> None:
        first, second = examples
        if shape is None:
            shape = tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True))
        super().__init__(shape, dtype_name(first.dtype), name, operation, position)
        self.examples = examples

    @property
    def op(self) -> Operation | None:
        """The operation that produces the tensor."""
        return self.operation

    def get_shape(self) -> Shape:
        """Return the static shape."""
        return self.shape

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return record(function, args, kwargs or {})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not callable(getattr(torch.Tensor, name, None)):
            raise AttributeError(f"A symbolic tensor has no attribute {name!r}.")
        method = getattr(torch.Tensor, name)
        return lambda *args, **kwargs: record(method, (self, *args), kwargs)

    def __getitem__(self, key: Any) -> Any:
        return record(choose_getter(key), (self, key))

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            raise TypeError(f"The length of {self!r} is not known before data arrives.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} has no value yet, so it can't decide a Python `if`. Use `K.switch` instead."
        )

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(f"{self!r} has no value yet. Use `K.eval` or `K.function` to compute it.")


def _add_operators() -> None:
    """Let Python's operators record themselves, also with the symbolic tensor on their right."""
    unary = ("neg", "abs", "invert")
    comparisons = ("lt", "le", "gt", "ge")
    binary = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor")

    def add(name: str, function: Callable[..., Any], reverse: bool = False) -> None:
        def call(self: Any, *others: Any) -> Any:
            others = tuple(
                to_tensor(value) if isinstance(value, (list, tuple)) else value for value in others
            )
            return record(function, (*others, self) if reverse else (self, *others))

        call.__name__ = name
        setattr(SymbolicTensor, name, call)

    for name in (*unary, *comparisons, *binary):
        add(f"__{name.rstrip('_')}__", getattr(operator, name))
    for name in binary:
        add(f"__r{name.rstrip('_')}__", getattr(operator, name), reverse=True)


_add_operators()


def to_torch(value: Any) -> Any:
    """Turn NumPy arrays and scalars into what torch takes; float64 arrays become `floatx`."""
    if isinstance(value, np.ndarray) and value.ndim:
        array = value if value.flags.writeable else value.copy()
        tensor = torch.as_tensor(array, device=default_device())
        return tensor.to(to_torch_dtype(None)) if tensor.dtype is torch.float64 else tensor
    return value.item() if isinstance(value, (np.generic, np.ndarray)) else value


def to_tensor(value: Any) -> Any:
    """Return a number or a nested list as a tensor of `floatx`, int32 or bool; tensors in a list are stacked."""
    if any(isinstance(item, (Tensor, torch.Tensor)) for item in flatten(value)):
        items = [to_tensor(item) if isinstance(item, (list, tuple)) else item for item in value]
        return record(_pack, (items,)) if any(map(is_symbolic, items)) else _pack(items)
    array = np.asarray(value)
    dtype = {"f": None, "i": "int32"}.get(array.dtype.kind, array.dtype)
    return torch.as_tensor(array, device=default_device(), dtype=to_torch_dtype(dtype))


def _pack(items: Sequence[Any]) -> torch.Tensor:
    return torch.stack([torch.as_tensor(item, device=default_device()) for item in items])


def _convert_arguments(function: Callable[..., Any]) -> Callable[[tuple, dict], tuple[tuple, dict]]:
    """Return a function of a call's arguments that gives them with tensors for lists and numbers."""
    plain = {
        name: (list, tuple) if name == "y" else (list, tuple, int, float)
        for name in inspect.signature(function).parameters
        if name in _TENSOR_ARGUMENTS
    }
    kinds = [plain.get(name, ()) for name in inspect.signature(function).parameters]

    def convert(args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        if any(map(isinstance, args, kinds)):
            args = tuple(
                to_tensor(value) if isinstance(value, kind) else value for value, kind in zip(args, kinds)
            )
        for name in plain.keys() & kwargs.keys():
            if isinstance(kwargs[name], plain[name]):
                kwargs[name] = to_tensor(kwargs[name])
        return args, kwargs

    return convert


def record(
    function: Callable[..., Any],
    args: tuple,
    kwargs: dict[str, Any] | None = None,
    *,
    is_source: bool = False,
    results: tuple[Any, Any] | None = None,
) -> Any:
    """Record a call of a torch function and return what it will give, in the same nesting.

    Args:
        function: a function of torch tensors.
        args, kwargs: its arguments; symbolic tensors may lie anywhere in them.
        is_source: True where the function gives a new value each run, such as random numbers.
        results: the function's results on the two examples, where they are known better than by running it.
    """
    args, kwargs = map_structure(to_torch, (args, kwargs or {}))
    first, second = infer(function, args, kwargs) if results is None else results
    operation = Operation(function, args, kwargs, is_source)
    operation.device = scope_device()
    uses_learning_phase = any(tensor._uses_learning_phase for tensor in operation.inputs)

    def wrap(examples: Examples) -> SymbolicTensor:
        tensor = SymbolicTensor(examples, operation.name, operation, len(operation.outputs))
        tensor._uses_learning_phase = uses_learning_phase
        operation.outputs.append(tensor)
        return tensor

    if isinstance(first, torch.Tensor):
        return wrap((first, second))
    if isinstance(first, (tuple, list)) and any(isinstance(item, torch.Tensor) for item in first):
        # torch's named results (values, indices) come as plain tuples.
        operation.returns_sequence = True
        outputs = [wrap(pair) for pair in zip(first, second, strict=True)]
        return outputs if isinstance(first, list) else tuple(outputs)
    if first == second:
        return first
    raise ValueError(
        f"{operation.name} gives a plain value that depends on dimensions not known before data arrives "
        f"(such as {first!r}). Use `K.shape(x)` where a symbolic size is needed."
    )


def operation(function: F) -> F:
    """Make a function of torch tensors record where it is given a symbolic tensor, and compute elsewhere.

    The undecorated function is its attribute `compute`.
    """

    convert = _convert_arguments(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = convert(args, kwargs)
        for value in flatten((args, kwargs)):
            if isinstance(value, SymbolicTensor):
                return record(function, args, kwargs)
        args, kwargs = map_structure(to_torch, (args, kwargs))
        return function(*args, **kwargs)

    call.compute = function  # type: ignore[attr-defined]
    return cast(F, call)


def source(function: F) -> F:
    """As `operation`, for functions that give a new value each run, such as random numbers.

    They record even without a symbolic tensor, except within `computing()`.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        symbolic = any(isinstance(value, SymbolicTensor) for value in flatten((args, kwargs)))
        if symbolic or not is_computing():
            return record(function, args, kwargs, is_source=True)
        args, kwargs = map_structure(to_torch, (args, kwargs))
        return function(*args, **kwargs)

    call.compute = function  # type: ignore[attr-defined]
    return cast(F, call)


def is_symbolic(value: Any) -> bool:
    """Tell whether `value` is a symbolic tensor."""
    return isinstance(value, SymbolicTensor)
