"""Which of two values of a metric is the better one."""

from __future__ import annotations

import math
import warnings


def find_direction(callback: str, monitor: str, mode: str, rising: tuple[str, ...] = ("acc",)) -> int:
    """Return 1 where a larger value is better, -1 where a smaller one is.

    Args:
        callback: the callback's name, for the warning.
        monitor: the metric's name.
        mode: `min`, `max`, or `auto` to tell by the name.
        rising: names with one of these in them grow with quality.
    """
    if mode not in ("auto", "min", "max"):
        warnings.warn(
            f"{callback} mode {mode} is unknown, fallback to auto mode.", RuntimeWarning, stacklevel=4
        )
        mode = "auto"
    if mode == "auto":
        return 1 if any(word in monitor for word in rising) else -1
    return 1 if mode == "max" else -1


def worst(direction: int) -> float:
    """Return what every value is better than."""
    return -direction * math.inf


def is_better(value: float, best: float, direction: int, margin: float = 0.0) -> bool:
    """Tell whether `value` is better than `best` by more than `margin`; NaN never is."""
    return direction * value - margin > direction * best
