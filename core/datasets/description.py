"""What a dataset holds: its columns with shapes, dtypes, class counts and ranges."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.datasets.source import Array, ColumnSource

MAX_CLASSES = 1000


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: as in the file.
        shape: of one row; () is one value a row.
        dtype: numpy's name, or "string" for text (which loads as int64 places among the sorted labels).
        rows: how many.
        classes: rows of each distinct value where a row is one bool, integer or text with at most
            `MAX_CLASSES` different values; else None.
        minimum, maximum: of the finite values; None for text or where there are none.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    rows: int
    classes: dict[str, int] | None
    minimum: float | None
    maximum: float | None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Column":
        """The column that `to_json` wrote."""
        return cls(**{**data, "shape": tuple(data["shape"])})

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON document."""
        return {**asdict(self), "shape": list(self.shape)}


@dataclass(frozen=True)
class DatasetDescription:
    """What a dataset file holds.

    Args:
        format: npz, npy, hdf5, csv, parquet or images.
        rows: of the longest column.
        columns: in the order of the file.
    """

    format: str
    rows: int
    columns: Sequence[Column]


class _Counts:
    """Rows of each distinct value, given up when there are too many different ones."""

    def __init__(self, labels: Sequence[str] | None) -> None:
        self.rows: dict[Any, int] | None = dict.fromkeys(labels or (), 0)

    def add(self, block: Array) -> None:
        if self.rows is None:
            return
        values, counts = np.unique(block, return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist()):
            self.rows[value] = self.rows.get(value, 0) + count
        if len(self.rows) > MAX_CLASSES:
            self.rows = None

    def as_classes(self) -> dict[str, int] | None:
        if self.rows is None:
            return None
        return {_label(value): self.rows[value] for value in sorted(self.rows)}


def _label(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Range:
    """Least and greatest finite value."""

    def __init__(self) -> None:
        self.minimum: float | None = None
        self.maximum: float | None = None

    def add(self, block: Array) -> None:
        if block.dtype.kind == "f":
            block = block[np.isfinite(block)]
            if block.size == 0:
                return
        low, high = block.min().item(), block.max().item()
        self.minimum = low if self.minimum is None else min(self.minimum, low)
        self.maximum = high if self.maximum is None else max(self.maximum, high)


def describe_column(source: ColumnSource) -> Column:
    """Read a column once, block by block, and say what it holds."""
    is_text = source.dtype.kind == "U"
    counts = _Counts(source.labels) if _is_countable(source) else None
    span = _Range()
    for block in source.blocks():
        if counts is not None:
            counts.add(block)
        if not is_text:
            span.add(block)
    return Column(
        name=source.name,
        shape=source.shape[1:],
        dtype="string" if is_text else source.dtype.name,
        rows=source.shape[0],
        classes=None if counts is None else counts.as_classes(),
        minimum=None if span.minimum is None else float(span.minimum),
        maximum=None if span.maximum is None else float(span.maximum),
    )


def _is_countable(source: ColumnSource) -> bool:
    return source.dtype.kind != "f" and math.prod(source.shape[1:]) == 1
