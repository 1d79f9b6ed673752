"""Static shapes, by running functions on tensors without data.

Every symbolic tensor carries two example tensors on the `meta` device in which unknown dimensions have two
different sizes. A function runs on both: a dimension of the result that differs is unknown. Where an unknown
size meets another one, such as an unknown batch and a constant of three rows, the two are taken to be one.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch

from engine.backend.compiler_imports import avoid_compiler_imports
from engine.backend.device import inferring
from engine.backend.dtypes import to_torch_dtype
from engine.backend.inference_cache import infer_once
from engine.backend.symbolic_imports import avoid_symbolic_imports
from engine.graph import Tensor, flatten, map_structure
from engine.graph.tensor import Shape

Examples = tuple[torch.Tensor, torch.Tensor]
# The sizes of a dimension in the two examples; equal where it is known.
Pair = tuple[int, int]

# Sizes that stand for an unknown batch and for any other unknown dimension. The latter divide by 2 six times
# and by 3, 5 and 7, so that strides, pools and reshapes of images of unknown size come out even.
BATCH_SIZES = (12, 24)
FREE_SIZES = (6720, 13440)

# What torch raises where sizes do not fit.
_ERRORS = (RuntimeError, ValueError, IndexError)
# How many ways of taking sizes for one another are tried.
_MOST_TRIALS = 256

_computing = threading.local()

avoid_compiler_imports()
avoid_symbolic_imports()


def is_computing() -> bool:
    """Tell whether functions compute at once even without a tensor among their arguments."""
    return getattr(_computing, "depth", 0) > 0


class _Computing:
    # A step of a small model notices what `contextlib.contextmanager` costs.
    def __enter__(self) -> None:
        _computing.depth = getattr(_computing, "depth", 0) + 1

    def __exit__(self, *_: Any) -> None:
        _computing.depth -= 1


_scope = _Computing()


def computing() -> AbstractContextManager[None]:
    """Let functions without tensor arguments, such as `random_normal`, compute instead of record."""
    return _scope


def make_examples(shape: Shape, dtype: Any, like: Any = None) -> Examples:
    """Return two tensors without data in which the unknown dimensions of `shape` have different sizes.

    Args:
        shape: static shape.
        dtype: element type.
        like: a symbolic tensor whose sizes stand for the unknown dimensions, axis by axis, as far as it has
            axes.
    """
    torch_dtype = to_torch_dtype(dtype)

    def size(run: int, axis: int) -> int:
        if like is not None and axis < like.ndim:
            return like.examples[run].shape[axis]
        return (BATCH_SIZES if axis == 0 else FREE_SIZES)[run]

    def example(run: int) -> torch.Tensor:
        sizes = [size(run, axis) if known is None else known for axis, known in enumerate(shape)]
        return torch.empty(sizes, dtype=torch_dtype, device="meta")

    first = example(0)
    return (first, first if None not in shape else example(1))


def infer(function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Return what `function` gives on both examples of its arguments.

    Raises:
        RuntimeError, ValueError, IndexError: what the function raises where no sizes fit.
    """
    return infer_once(_infer, function, args, kwargs)


def _infer(function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    with torch.no_grad(), inferring(), computing():
        try:
            return _run(function, args, kwargs)
        except _ERRORS as error:
            results = _infer_merged(function, args, kwargs)
            if results is None:
                raise error
            return results


def _run(
    function: Callable[..., Any], args: tuple, kwargs: dict[str, Any], merged: dict[Pair, Pair] | None = None
) -> tuple[Any, Any]:
    """Run `function` on both examples, with the sizes that `merged` names in place of others."""
    symbolic: list[Any] = [value for value in flatten((args, kwargs)) if isinstance(value, Tensor)]
    is_known = all(value.examples[0] is value.examples[1] for value in symbolic)
    results = []
    for run in (0, 1):
        show = functools.partial(_example_of, run=run, merged=merged)
        run_args, run_kwargs = map_structure(show, (args, kwargs))
        results.append(function(*run_args, **run_kwargs))
        if is_known:
            return results[0], results[0]
    return results[0], results[1]


def _example_of(value: Any, run: int, merged: dict[Pair, Pair] | None) -> Any:
    """Return what stands for `value` in the given run.

    Integers keep their values, since they may be sizes or positions, unless sizes are `merged`.
    """
    if isinstance(value, Tensor):
        example = value.examples[run]  # type: ignore[attr-defined]
        return example if merged is None else _resize(value, run, merged)
    if isinstance(value, torch.Tensor) and value.ndim and value.device.type != "meta":
        return value.to("meta") if value.is_floating_point() or merged is not None else value
    return value


def _sizes_of(tensor: Any) -> list[Pair]:
    first, second = tensor.examples
    return list(zip(first.shape, second.shape, strict=True))


def _resize(tensor: Any, run: int, merged: dict[Pair, Pair]) -> torch.Tensor:
    sizes = [merged.get(pair, pair)[run] for pair in _sizes_of(tensor)]
    example = tensor.examples[run]
    return example if list(example.shape) == sizes else example.new_empty(sizes)


def _infer_merged(function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
    """Run `function` with as few unknown sizes taken for others as make it run; None where none do."""
    values = list(flatten((args, kwargs)))
    found = [pair for value in values if isinstance(value, Tensor) for pair in _sizes_of(value)]
    found += [(size, size) for value in values if isinstance(value, torch.Tensor) for size in value.shape]
    sizes = list(dict.fromkeys([*found, FREE_SIZES]))
    unknown = [pair for pair in sizes if pair[0] != pair[1]]
    fitting = []
    for count in range(len(unknown) + 1):
        for merged in itertools.islice(_list_merges(unknown, sizes, count), _MOST_TRIALS):
            try:
                fitting.append(_run(function, args, kwargs, merged))
            except _ERRORS:
                continue
        if fitting:
            return _agree(fitting)
    return None


def _list_merges(unknown: Sequence[Pair], sizes: Sequence[Pair], count: int) -> Iterator[dict[Pair, Pair]]:
    for chosen in itertools.combinations(unknown, count):
        for others in itertools.product(sizes, repeat=count):
            if not set(chosen) & set(others):
                yield dict(zip(chosen, others, strict=True))


def _agree(fitting: Sequence[tuple[Any, Any]]) -> tuple[Any, Any] | None:
    """Return examples in which a dimension on which the fitting results differ is unknown."""
    first, second = fitting[0]
    if len(fitting) == 1:
        return first, second
    if not all(_is_alike(first, other) for other, _ in fitting):
        return None
    if isinstance(first, torch.Tensor):
        columns = zip(*(zip(one.shape, two.shape, strict=True) for one, two in fitting), strict=True)
        sizes = [pairs[0] if len(set(pairs)) == 1 else FREE_SIZES for pairs in columns]
        return tuple(first.new_empty([pair[run] for pair in sizes]) for run in (0, 1))  # type: ignore[return-value]
    if isinstance(first, (tuple, list)):
        items = [_agree([(one[number], two[number]) for one, two in fitting]) for number in range(len(first))]
        if None in items:
            return None
        return tuple(type(first)(item[run] for item in items) for run in (0, 1))  # type: ignore[index, return-value]
    return first, second


def _is_alike(first: Any, other: Any) -> bool:
    if isinstance(first, torch.Tensor):
        kinds = [(one.ndim, one.dtype, one.device.type) for one in (first, other)]
        return kinds[0] == kinds[1] == (first.ndim, first.dtype, "meta")
    if isinstance(first, (tuple, list)):
        return isinstance(other, (tuple, list)) and len(first) == len(other)
    return bool(first == other)
