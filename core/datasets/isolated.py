"""What the process apart does for `core.datasets.isolation`: orders and answers are plain data."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from core.datasets import reading
from core.datasets.errors import DatasetError
from core.datasets.limits import Limits


def _telling(act: Callable[..., Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Make of a function one that takes an order and tells a `DatasetError` as plain data."""

    @wraps(act)
    def answer(order: dict[str, Any]) -> dict[str, Any]:
        limits, path = Limits(**order.pop("limits")), Path(order.pop("path"))
        try:
            return {"value": act(path, limits=limits, **order)}
        except DatasetError as error:
            return {"detail": error.detail, "pointer": error.pointer}

    return answer


@_telling
def inspect(path: Path, fmt: str | None, limits: Limits) -> dict[str, Any]:
    """Describe a file."""
    found = reading.inspect_file(path, limits, fmt)
    columns = [column.to_json() for column in found.columns]
    return {"format": found.format, "rows": found.rows, "columns": columns}


@_telling
def preview(path: Path, fmt: str, rows: int, limits: Limits) -> dict[str, list[Any]]:
    """Read the first rows of a file."""
    return reading.preview(path, fmt, rows, limits)
