"""Description of a file in a process of its own, for formats whose library can hang or crash on damage."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.datasets.description import Column, DatasetDescription, describe_column
from core.datasets.errors import DatasetError
from core.datasets.formats.base import DatasetFormat
from core.datasets.limits import Limits
from core.datasets.registry import get_format
from core.isolation import IsolationError, answer_order, read_apart


def describe(fmt: DatasetFormat, path: Path, limits: Limits) -> DatasetDescription:
    """Describe a file of this format, here.

    Raises:
        DatasetError: it is unsafe, empty or over a limit.
    """
    with fmt.open(path, limits) as sources:
        limits.check_columns(len(sources))
        columns = [describe_column(source) for source in sources.values()]
    return DatasetDescription(fmt.name, max(column.rows for column in columns), columns)


def describe_apart(fmt: DatasetFormat, path: Path, limits: Limits) -> DatasetDescription:
    """As `describe`, in a process that is ended when it takes too long.

    Raises:
        DatasetError: also when the process hung or crashed.
    """
    order = {"format": fmt.name, "limits": asdict(limits)}
    try:
        answer = read_apart(__name__, path, order, limits.read_seconds)
    except IsolationError as error:
        raise DatasetError(f"the {fmt.name} file is damaged ({error})") from error
    if "detail" in answer:
        raise DatasetError(answer["detail"], answer["pointer"])
    columns = [Column.from_json(column) for column in answer["columns"]]
    return DatasetDescription(fmt.name, answer["rows"], columns)


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    try:
        found = describe(get_format(order["format"]), Path(order["path"]), Limits(**order["limits"]))
    except DatasetError as error:
        return {"detail": error.detail, "pointer": error.pointer}
    return {"rows": found.rows, "columns": [column.to_json() for column in found.columns]}


if __name__ == "__main__":
    answer_order(_answer)
