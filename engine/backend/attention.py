"""Attention: sums of values weighted by how well queries match keys.

Throughout: queries are (batch, *space, heads, size), keys and values likewise with a space of their own. Attention is
taken over `axes` of the space; a mask is (batch, *axes of queries, *axes of keys), True where a query may look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from engine.backend.symbolic import operation

# Added where a mask forbids a look. Finite: a query that may look nowhere gets the mean of all values.
_FORBIDDEN = -1e9


def _fold(x: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
    """Return (batch, *other axes, heads, product of the sizes of `axes`, size)."""
    others = [axis for axis in range(1, x.ndim - 2) if axis not in axes]
    moved = x.permute(0, *others, x.ndim - 2, *axes, x.ndim - 1)
    return moved.flatten(len(others) + 2, -2)


def _unfold(folded: torch.Tensor, query: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
    """Undo `_fold`, in the space of `query`."""
    others = [axis for axis in range(1, query.ndim - 2) if axis not in axes]
    spread = folded.unflatten(-2, [query.shape[axis] for axis in axes])
    order = [0, *others, query.ndim - 2, *axes, query.ndim - 1]
    return spread.permute(*(order.index(axis) for axis in range(query.ndim)))


def _fold_mask(mask: torch.Tensor, like: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
    """Return what is added to the scores: (batch, 1..., queries, keys)."""
    count = len(axes)
    folded = mask.flatten(-count).flatten(-count - 1, -2)
    folded = folded.reshape(folded.shape[0], *[1] * (like.ndim - folded.ndim), *folded.shape[1:])
    return torch.zeros_like(folded, dtype=like.dtype).masked_fill(~folded.bool(), _FORBIDDEN)


@operation
def attend(query: Any, key: Any, value: Any, axes: Sequence[int] = (1,), mask: Any = None) -> Any:
    """Return the values that each query finds, in one kernel.

    Args:
        query, key, value: what looks, what is compared with it and what is found.
        axes: the axes of space over which queries look.
        mask: where they may; everywhere for None.

    Shapes:
        (batch, queries, heads, n), (batch, keys, heads, n), (batch, keys, heads, m) -> (batch, queries, heads, m).

    Source: Vaswani et al., Attention Is All You Need (2017).
    """
    queries, keys, values = (_fold(x, axes) for x in (query, key, value))
    added = None if mask is None else _fold_mask(mask, queries, axes)
    found = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=added)
    return _unfold(found, query, axes)


@operation
def attention_scores(query: Any, key: Any, axes: Sequence[int] = (1,), mask: Any = None) -> Any:
    """Return the shares that each query gives to the keys; they sum to 1.

    Shapes:
        (batch, queries, heads, n), (batch, keys, heads, n) -> (batch, heads, queries, keys).
    """
    queries, keys = _fold(query, axes), _fold(key, axes)
    scores = queries @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores + _fold_mask(mask, queries, axes)
    shares = torch.softmax(scores, -1)
    sizes = [[x.shape[axis] for axis in axes] for x in (query, key)]
    return shares.unflatten(-1, sizes[1]).unflatten(-1 - len(axes), sizes[0])


@operation
def sum_by_scores(scores: Any, query: Any, value: Any, axes: Sequence[int] = (1,)) -> Any:
    """Return the values weighted by what `attention_scores` gave, as `attend` does.

    Shapes:
        (batch, heads, queries, keys), (batch, queries, heads, n), (batch, keys, heads, m)
        -> (batch, queries, heads, m).
    """
    count = len(axes)
    shares = scores.flatten(-count).flatten(-count - 1, -2)
    return _unfold(shares @ _fold(value, axes), query, axes)


@operation
def causal_mask(query: Any, key: Any) -> Any:
    """Return the mask by which no step of a query sees a later step.

    Shapes:
        (batch, queries, ...), (batch, keys, ...) -> (1, queries, keys).
    """
    steps = torch.ones(query.shape[1], key.shape[1], dtype=torch.bool, device=query.device)
    return steps.tril().unsqueeze(0)
