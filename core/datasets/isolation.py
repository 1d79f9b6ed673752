"""Dataset files read in a process of their own: the libraries of nearly every format can hang, crash or bloat.

This process does not even load them.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from core.datasets.description import Column, DatasetDescription
from core.datasets.errors import DatasetError
from core.datasets.limits import Limits
from core.isolation import IsolationError, call_apart, seconds_for

_WORK: Final = "core.datasets.isolated"


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
    answer: dict[str, list[Any]] = _read_apart(path, limits, "preview", {"fmt": fmt, "rows": rows})
    return answer


def _read_apart(path: Path, limits: Limits | None, name: str, order: Mapping[str, Any]) -> Any:
    limits = limits or Limits()
    order = {**order, "path": str(path.absolute()), "limits": asdict(limits)}
    seconds = seconds_for(path.stat().st_size, limits.read_seconds)
    try:
        answer = call_apart(f"{_WORK}:{name}", order, seconds, limits.read_memory_bytes)
    except IsolationError as error:
        raise DatasetError(f"the dataset file is damaged or too large ({error})") from error
    if "detail" in answer:
        raise DatasetError(answer["detail"], answer["pointer"])
    return answer["value"]
