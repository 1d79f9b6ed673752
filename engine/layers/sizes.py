"""Checks of sizes and axes that layers are given."""

from __future__ import annotations

from typing import Any


def is_integer(value: Any) -> bool:
    """Tell whether `value` is a whole number of any type."""
    try:
        return not isinstance(value, (bool, str)) and int(value) == value
    except (TypeError, ValueError, OverflowError):
        return False


def check_size(value: Any, name: str) -> int:
    """Return `value` as an integer.

    Raises:
        ValueError: it is not a whole number greater than 0.
    """
    if not is_integer(value) or value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {value!r}")
    return int(value)


def check_axis(axis: int, rank: int, layer_name: str) -> None:
    """Compare an axis with the number of axes of an input.

    Raises:
        ValueError: the input has no such axis.
    """
    if not -rank <= axis < rank:
        raise ValueError(f"Layer {layer_name} works along axis {axis}, but its input has {rank} axes.")
