"""Elementwise comparison; all give booleans (manual, section 14.5)."""

from __future__ import annotations

from typing import Any

from engine.backend.symbolic import operation


@operation
def equal(x: Any, y: Any) -> Any:
    """Tell where the elements are equal."""
    return x == y


@operation
def not_equal(x: Any, y: Any) -> Any:
    """Tell where the elements differ."""
    return x != y


@operation
def greater(x: Any, y: Any) -> Any:
    """Tell where `x > y`."""
    return x > y


@operation
def greater_equal(x: Any, y: Any) -> Any:
    """Tell where `x >= y`."""
    return x >= y


@operation
def less(x: Any, y: Any) -> Any:
    """Tell where `x < y`."""
    return x < y


@operation
def less_equal(x: Any, y: Any) -> Any:
    """Tell where `x <= y`."""
    return x <= y
