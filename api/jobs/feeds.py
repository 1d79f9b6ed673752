"""Which columns of a dataset feed which inputs and outputs of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.errors import Fault, ProblemError, invalid, pointer_to
from core.datasets import Column, Selection
from core.datasets.selection import Port, Ports


@dataclass(frozen=True)
class Feed:
    """What one input or output gets.

    Attributes:
        pointer: where the request names it. columns: side by side. shape: of one row.
        minimum, maximum: over all values, where known; text counts as its place among the labels.
        labels: the different values of whole numbers and text, where they are few.
        encoded_width: of the one-hot rows made of it, where targets are encoded.
    """

    pointer: str
    columns: str
    shape: tuple[int, ...]
    minimum: float | None
    maximum: float | None
    labels: frozenset[int] | None
    encoded_width: int | None


def assign_ports(
    selection: Selection, ports: Ports | None, names: Sequence[str], pointer: str, kind: str
) -> dict[str, Feed]:
    """Give each input or output of a model its columns.

    Args: names: of the model's inputs or outputs. kind: "input" or "output".
    Raises: ProblemError (422): there are too many, too few, or others than the model has.
    """
    if ports is None:
        raise _refuse(pointer, f"names no column for the {kind} {', '.join(names)}")
    given = _by_name(ports, names, pointer, kind)
    unknown = [name for name in given if name not in names]
    if unknown:
        place = pointer + pointer_to(unknown[0])
        raise _refuse(place, f"the model has no {kind} {unknown[0]!r}; it has {', '.join(names)}")
    missing = [name for name in names if name not in given]
    if missing:
        raise _refuse(pointer, f"the {kind} {', '.join(missing)} of the model gets no column")
    encodes = kind == "output" and selection.encode_y is not None
    return {
        name: _make_feed(selection, given[name], pointer + _find_place(ports, name, index), encodes)
        for index, name in enumerate(names)
    }


def _find_place(ports: Ports, name: str, index: int) -> str:
    """The pointer from x or y to one of its ports."""
    if isinstance(ports, Port):
        return ""
    return pointer_to(name if isinstance(ports, dict) else index)


def _by_name(ports: Ports, names: Sequence[str], pointer: str, kind: str) -> dict[str, Port]:
    if isinstance(ports, dict):
        return ports
    listed = ports if isinstance(ports, list) else [ports]
    if len(listed) != len(names):
        detail = f"the model has {len(names)} {kind}s ({', '.join(names)}) and {len(listed)} are named"
        raise _refuse(pointer, f"{detail}; name the columns of each {kind} in an object")
    return dict(zip(names, listed))


def _make_feed(selection: Selection, port: Port, pointer: str, encodes: bool) -> Feed:
    columns = [selection.columns[name] for name in port.columns]
    lows, highs = zip(*(_find_range(selection, column) for column in columns))
    return Feed(
        pointer=pointer,
        columns=", ".join(port.columns),
        shape=tuple(int(size or 0) for size in port.shape(selection.columns)[1:]),
        minimum=None if None in lows else min(lows),
        maximum=None if None in highs else max(highs),
        labels=_find_labels(selection, columns[0]) if len(columns) == 1 else None,
        encoded_width=selection.class_count(port) if encodes else None,
    )


def _find_range(selection: Selection, column: Column) -> tuple[Any, Any]:
    if column.dtype != "string":
        return column.minimum, column.maximum
    labels = selection.joint_labels.get(column.name) or column.classes or ()
    return (0, len(labels) - 1) if labels else (None, None)


def _find_labels(selection: Selection, column: Column) -> frozenset[int] | None:
    if column.classes is None:
        return None
    if column.dtype == "string":
        places = {label: place for place, label in enumerate(selection.joint_labels.get(column.name, []))}
        return frozenset(places[label] for label in column.classes if label in places)
    if column.dtype == "bool":
        return frozenset({"false": 0, "true": 1}[label] for label in column.classes)
    return frozenset(int(label) for label in column.classes)


def _refuse(pointer: str, detail: str) -> ProblemError:
    return invalid([Fault(pointer=pointer, detail=detail)])
