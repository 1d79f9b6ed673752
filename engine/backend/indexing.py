"""Parts of tensors by what torch's own indexing does not take: steps backwards, and indices without a value."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from engine.graph import Tensor, flatten


def choose_getter(key: Any) -> Callable[[Any, Any], Any]:
    """Return the function that takes a part of a tensor: torch's own where that does."""
    items = key if isinstance(key, tuple) else (key,)
    special = any(_is_backward(item) for item in items) or any(isinstance(v, Tensor) for v in flatten(key))
    return get_part if special else operator.getitem


def get_part(x: torch.Tensor, key: Any) -> torch.Tensor:
    """Return `x[key]`; slices may go backwards, and while shapes are inferred an index may lack its value.

    Raises:
        ValueError: a slice goes backwards beside lists or tensors of indices.
    """
    items = list(key) if isinstance(key, tuple) else [key]
    if x.device.type == "meta":
        # Any index gives the same shape.
        items = [0 if _is_valueless_index(item) else item for item in items]
    items = _expand_ellipsis(items, x.ndim)
    axis, kept, reversed_axes = 0, 0, []
    for number, item in enumerate(items):
        if _is_backward(item):
            items[number] = _turn(item, x.shape[axis])
            reversed_axes.append(kept)
        axis += item is not None
        kept += item is None or isinstance(item, slice)
    if reversed_axes and not all(
        item is None or isinstance(item, slice) or not np.ndim(item) for item in items
    ):
        raise ValueError(
            f"A slice can't go backwards beside several indices. Found: {key!r}. Use `K.reverse`."
        )
    part = x[tuple(items)]
    return torch.flip(part, reversed_axes) if reversed_axes else part


def _is_backward(item: Any) -> bool:
    return isinstance(item, slice) and isinstance(item.step, int) and item.step < 0


def _is_valueless_index(item: Any) -> bool:
    return isinstance(item, torch.Tensor) and not item.ndim and item.device.type == "meta"


def _expand_ellipsis(items: list[Any], rank: int) -> list[Any]:
    """Write `...` out as slices of whole axes."""
    places = [number for number, item in enumerate(items) if item is Ellipsis]
    if not places:
        return items
    missing = rank - sum(item is not None and item is not Ellipsis for item in items)
    return [*items[: places[0]], *[slice(None)] * missing, *items[places[0] + 1 :]]


def _turn(backward: slice, size: int) -> slice:
    """Return the slice that gives the same elements in the opposite order."""
    positions = range(*backward.indices(size))
    return slice(positions[-1], positions[0] + 1, -backward.step) if positions else slice(0, 0)
