"""Dataset files read in a process of their own: the libraries of nearly every format can hang, crash or bloat."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any

from core.datasets import reading
from core.datasets.description import Column, DatasetDescription
from core.datasets.errors import DatasetError
from core.datasets.limits import Limits
from core.isolation import IsolationError, call_apart, seconds_for


def inspect_file(path: Path, limits: Limits | None = None, fmt: str | None = None) -> DatasetDescription:
    """As `reading.inspect_file`, apart.

    Raises:
        DatasetError: also when it takes too much time or memory.
    """
    answer = _read_apart(path, limits, "inspect", {"fmt": fmt})
    columns = [Column.from_json(column) for column in answer["columns"]]
    return DatasetDescription(answer["format"], answer["rows"], columns)


def preview(path: Path, fmt: str, rows: int, limits: Limits | None = None) -> dict[str, list[Any]]:
    """As `reading.preview`, apart.

    Raises:
        DatasetError: also when it takes too much time or memory.
    """
    answer: dict[str, list[Any]] = _read_apart(path, limits, "preview_rows", {"fmt": fmt, "rows": rows})
    return answer


def _read_apart(path: Path, limits: Limits | None, name: str, order: Mapping[str, Any]) -> Any:
    limits = limits or Limits()
    order = {**order, "path": str(path.absolute()), "limits": asdict(limits)}
    seconds = seconds_for(path.stat().st_size, limits.read_seconds)
    try:
        answer = call_apart(f"{__name__}:{name}", order, seconds, limits.read_memory_bytes)
    except IsolationError as error:
        raise DatasetError(f"the dataset file is damaged or too large ({error})") from error
    if "detail" in answer:
        raise DatasetError(answer["detail"], answer["pointer"])
    return answer["value"]


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
    """What the other process does for `inspect_file`."""
    found = reading.inspect_file(path, limits, fmt)
    columns = [column.to_json() for column in found.columns]
    return {"format": found.format, "rows": found.rows, "columns": columns}


@_telling
def preview_rows(path: Path, fmt: str, rows: int, limits: Limits) -> dict[str, list[Any]]:
    """What the other process does for `preview`."""
    return reading.preview(path, fmt, rows, limits)
