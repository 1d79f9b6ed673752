"""What convolution and pooling share: axis order and padding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from engine.backend.config import normalize_data_format


def to_channels_first(x: torch.Tensor, data_format: str) -> torch.Tensor:
    """Return a view with the channels at axis 1: from channels_last, torch's own channels_last layout."""
    return x if data_format == "channels_first" else x.movedim(-1, 1)


def from_channels_first(x: torch.Tensor, data_format: str) -> torch.Tensor:
    """Return a view with the channels where `data_format` has them."""
    return x if data_format == "channels_first" else x.movedim(1, -1)


def check_arguments(
    x: torch.Tensor, data_format: str | None, padding: str, rank: int, paddings: tuple[str, ...]
) -> str:
    """Return the data format's name.

    Raises:
        ValueError: a name is unknown, or `x` has not `rank` axes between batch and channels.
    """
    if padding not in paddings:
        raise ValueError(f"Invalid padding: {padding!r}. Use one of {paddings}.")
    if x.ndim != rank + 2:
        raise ValueError(f"Expected a tensor of {rank + 2} axes. Found shape {tuple(x.shape)}.")
    return normalize_data_format(data_format)


def measure_padding(
    sizes: Sequence[int], window: Sequence[int], strides: Sequence[int], dilation: Sequence[int], padding: str
) -> list[tuple[int, int]]:
    """Return how many cells to add before and after each axis.

    With `same` a window begins at each stride; what the last one lacks is added half before and half after
    the axis, the odd cell after it. With `causal` all goes before it.
    """
    if padding == "valid":
        return [(0, 0)] * len(sizes)
    amounts = []
    for size, width, stride, spread in zip(sizes, window, strides, dilation, strict=True):
        reach = (width - 1) * spread
        if padding == "causal":
            amounts.append((reach, 0))
            continue
        missing = max((-(-size // stride) - 1) * stride + reach + 1 - size, 0)
        amounts.append((missing // 2, missing - missing // 2))
    return amounts


def pad(x: torch.Tensor, amounts: Sequence[tuple[int, int]], value: float = 0.0) -> torch.Tensor:
    """Return `x`, channels first, with cells added before and after its last axes."""
    if not any(before or after for before, after in amounts):
        return x
    return functional.pad(x, [amount for pair in reversed(amounts) for amount in pair], value=value)
