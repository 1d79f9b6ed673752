"""Shapes: reshaping, joining, repeating, indexing (manual, section 14.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from engine.backend.device import default_device
from engine.backend.dtypes import to_torch_dtype
from engine.backend.inference import Examples
from engine.backend.symbolic import SymbolicTensor, is_symbolic, operation, record, to_tensor
from engine.backend.tensors import constant, is_sparse
from engine.graph import flatten as flatten_structure


def to_sizes(shape: Any) -> list[int]:
    """Return a shape given as a number, as numbers, as tensors of one number or as a 1D tensor as a list."""
    if isinstance(shape, torch.Tensor):
        return shape.tolist()
    if isinstance(shape, int):
        return [shape]
    return [-1 if size is None else int(size) for size in shape]


@operation
def _reshape(x: Any, shape: Any) -> Any:
    return torch.reshape(x, to_sizes(shape))


def _show_reshaped(x: SymbolicTensor, sizes: list[int]) -> Examples | None:
    """Return examples of what only data can tell to fit; None where the sizes fit or can't at all."""
    known = max(math.prod(size for size in sizes if size != -1), 1)
    counts = [example.numel() for example in x.examples]
    if None not in x.shape or (-1 in sizes and not any(count % known for count in counts)):
        return None

    def example(run: int) -> torch.Tensor:
        # One more in the second run: what does not come out even is unknown.
        left = counts[run] // known + run
        return x.examples[run].new_empty([left if size == -1 else size for size in sizes])

    return example(0), example(1)


def reshape(x: Any, shape: Any) -> Any:
    """Return the tensor with another shape.

    Args:
        x: a tensor.
        shape: the new shape; one entry may be -1 or None to follow from the others.
    """
    if isinstance(x, SymbolicTensor) and not any(map(is_symbolic, flatten_structure(shape))):
        sizes = to_sizes(shape)
        return record(_reshape.compute, (x, sizes), results=_show_reshaped(x, sizes))  # type: ignore[attr-defined]
    return _reshape(x, shape)


@operation
def permute_dimensions(x: Any, pattern: Sequence[int]) -> Any:
    """Return the tensor with its axes in another order, such as `(0, 2, 1)`."""
    return x.permute(tuple(pattern))


@operation
def transpose(x: Any) -> Any:
    """Return the tensor with its axes in reverse order."""
    return x.permute(tuple(reversed(range(x.ndim))))


@operation
def flatten(x: Any) -> Any:
    """Return the elements as a 1D tensor."""
    return torch.reshape(x, (-1,))


@operation
def batch_flatten(x: Any) -> Any:
    """Return each sample's elements as a row of a 2D tensor."""
    return torch.reshape(x, (x.shape[0], math.prod(x.shape[1:])))


@operation
def expand_dims(x: Any, axis: int = -1) -> Any:
    """Return the tensor with a further axis of size 1 at `axis`."""
    return torch.unsqueeze(x, axis)


@operation
def _drop_axis(x: Any, axis: int) -> Any:
    # An unknown dimension has an arbitrary size while shapes are inferred.
    if x.shape[axis] != 1 and x.device.type != "meta":
        raise ValueError(f"Axis {axis} of a tensor of shape {tuple(x.shape)} has not size 1.")
    return torch.select(x, axis, 0)


def squeeze(x: Any, axis: int) -> Any:
    """Return the tensor without an axis of size 1.

    Raises:
        ValueError: the axis has another size.
    """
    x = to_tensor(x) if isinstance(x, (list, tuple)) else x
    if x.shape[axis] not in (1, None):
        raise ValueError(f"Axis {axis} of a tensor of shape {tuple(x.shape)} has not size 1.")
    return _drop_axis(x, axis)


def _to_tensors(items: Sequence[Any]) -> list[torch.Tensor]:
    """Return tensors and plain numbers as tensors of one device."""
    device = next((item.device for item in items if isinstance(item, torch.Tensor)), default_device())
    return [torch.as_tensor(item, device=device) for item in items]


@operation
def _join(tensors: Sequence[Any], axis: int) -> Any:
    return torch.cat(_to_tensors(tensors), axis)


def concatenate(tensors: Sequence[Any], axis: int = -1) -> Any:
    """Join tensors along an axis that they have; sparse ones to a sparse one."""
    joined = _join(tensors, axis)
    if is_symbolic(joined):
        joined.is_sparse = all(is_sparse(tensor) for tensor in tensors)
    return joined


@operation
def _stack(tensors: Sequence[Any], axis: int) -> Any:
    return torch.stack(_to_tensors(tensors), axis)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Join tensors of the same shape along a new axis."""
    return _stack(x, axis)


@operation
def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Repeat each element along an axis, as `numpy.repeat` does.

    Shapes:
        (s0, s1, s2), axis 1 -> (s0, s1 * rep, s2).
    """
    return torch.repeat_interleave(x, rep, axis)


@operation
def repeat(x: Any, n: Any) -> Any:
    """Repeat each sample of a 2D tensor.

    Shapes:
        (samples, features) -> (samples, n, features).
    """
    return x.unsqueeze(1).expand(-1, int(n), -1)


@operation
def tile(x: Any, n: Any) -> Any:
    """Repeat the whole tensor.

    Args:
        x: a tensor.
        n: how often along each axis.
    """
    return x.repeat(to_sizes([n] if isinstance(n, int) else n))


@operation
def reverse(x: Any, axes: int | Sequence[int]) -> Any:
    """Return the tensor with the order reversed along one or several axes."""
    return torch.flip(x, [axes] if isinstance(axes, int) else list(axes))


@operation
def _count(start: Any, stop: Any, step: Any, dtype: str) -> Any:
    return torch.arange(
        *(value.item() if isinstance(value, torch.Tensor) else value for value in (start, stop, step)),
        dtype=to_torch_dtype(dtype),
        device=default_device(),
    )


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: str = "int32") -> Any:
    """Return the numbers from `start` up to and without `stop`; a single argument is `stop`.

    Args:
        start: the first number.
        stop: where to stop; may be symbolic.
        step: difference between two neighbours.
        dtype: element type.
    """
    if stop is None:
        start, stop = 0, start
        if not is_symbolic(stop) and stop < 0:
            stop = 0
    numbers = _count(start, stop, step, dtype)
    return numbers if is_symbolic(numbers) else constant(numbers, dtype)


@operation
def gather(reference: Any, indices: Any) -> Any:
    """Return the rows of `reference` that `indices` names.

    Shapes:
        (rows, ...), (a, b) -> (a, b, ...).
    """
    if isinstance(indices, torch.Tensor) and indices.dtype is not torch.int32:
        indices = indices.long()
    if reference.ndim == 2 and isinstance(indices, torch.Tensor):
        return torch.nn.functional.embedding(indices.to(reference.device), reference)
    return reference[indices]


@operation
def one_hot(indices: Any, num_classes: int) -> Any:
    """Return 1 at each index and 0 elsewhere, along a new last axis.

    Shapes:
        (samples, ...) -> (samples, ..., num_classes).
    """
    classes = torch.arange(num_classes, device=indices.device)
    return (indices.unsqueeze(-1) == classes).to(to_torch_dtype(None))
