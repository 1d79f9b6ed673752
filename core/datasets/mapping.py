"""A job's `data` section, read against the columns of its dataset."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from core.datasets.defaults import default_data
from core.datasets.description import Column
from core.datasets.errors import DatasetError
from core.datasets.selection import Port, Ports, Selection, Side, flatten

FIELDS = frozenset({"x", "y", "sample_weight", "validation", "encode_y", "scale_x"})
SIDE_FIELDS = frozenset({"x", "y", "sample_weight"})
MAX_ENCODED_BYTES = 4 * 1024**3


def select(columns: Sequence[Column], data: Mapping[str, Any] | None = None) -> Selection:
    """Resolve the `data` section of a job.

    Args:
        columns: of the dataset.
        data: `x`, `y`, `sample_weight`, `validation`, `encode_y`, `scale_x`; x and y are a column, a list or
            a dict by input name. A list of columns with one value a row is one array of that many features;
            any other list is one array for each input or output. Without x the columns are found by name.
    Raises:
        DatasetError: with the pointer into the job, when a column is missing or does not fit.
    """
    by_name = {column.name: column for column in columns}
    given = dict(data or {})
    _check_fields(given, FIELDS, "/data")
    if "x" not in given:
        given = {**default_data(columns), **given}
    train = _side(by_name, given, "/data")
    validation = None
    if given.get("validation") is not None:
        validation = _side(by_name, _as_mapping(given["validation"]), "/data/validation")
    selection = Selection(
        by_name,
        train,
        validation,
        given.get("encode_y"),
        given.get("scale_x"),
        _joint_labels(by_name, train, validation),
    )
    _check_sides_agree(selection)
    _check_scale(selection)
    _check_encoding(selection)
    return selection


def _as_mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise DatasetError(f"validation must be an object with x and y, not {value!r}", "/data/validation")
    _check_fields(value, SIDE_FIELDS, "/data/validation")
    return dict(value)


def _check_fields(given: Mapping[str, Any], known: frozenset[str], pointer: str) -> None:
    for name in given:
        if name not in known:
            raise DatasetError(
                f"{name!r} is not known here; known are {', '.join(sorted(known))}", f"{pointer}/{name}"
            )


def _side(columns: Mapping[str, Column], given: Mapping[str, Any], pointer: str) -> Side:
    if given.get("x") is None:
        raise DatasetError("x is missing: name the column or columns that go into the model", f"{pointer}/x")
    y = given.get("y")
    side = Side(
        x=_ports(columns, given["x"], f"{pointer}/x"),
        y=None if y is None else _ports(columns, y, f"{pointer}/y"),
        sample_weight=given.get("sample_weight"),
    )
    if side.sample_weight is not None:
        _check_weight(_column(columns, side.sample_weight, f"{pointer}/sample_weight"), pointer)
    _check_rows(columns, side, pointer)
    return side


def _ports(columns: Mapping[str, Column], given: Any, pointer: str) -> Ports:
    if isinstance(given, Mapping):
        return {name: _port(columns, part, f"{pointer}/{name}") for name, part in given.items()}
    if isinstance(given, list) and len(given) > 1:
        named = [_column(columns, name, f"{pointer}/{place}") for place, name in enumerate(given)]
        if any(column.shape for column in named):
            return [Port((column.name,)) for column in named]
    return _port(columns, given, pointer)


def _port(columns: Mapping[str, Column], given: Any, pointer: str) -> Port:
    names = given if isinstance(given, list) else [given]
    if not names:
        raise DatasetError("an empty list of columns: name at least one", pointer)
    named = [_column(columns, name, pointer) for name in names]
    for column in named:
        if column.shape and len(named) > 1:
            raise DatasetError(
                f"columns {', '.join(map(repr, names))} cannot stand side by side: {column.name!r} has rows "
                f"of shape {column.shape}, and only columns with one value a row can",
                pointer,
            )
    return Port(tuple(names))


def _column(columns: Mapping[str, Column], name: Any, pointer: str) -> Column:
    if not isinstance(name, str) or name not in columns:
        raise DatasetError(f"the dataset has no column {name!r}; it has {', '.join(columns)}", pointer)
    column = columns[name]
    if column.dtype == "string" and column.classes is None:
        raise DatasetError(
            f"column {name!r} holds text with more different values than classes are counted for; choose the "
            "columns to train on",
            pointer,
        )
    return column


def _check_weight(column: Column, pointer: str) -> None:
    if column.dtype == "string" or column.shape not in ((), (1,)):
        raise DatasetError(
            f"column {column.name!r} cannot be the sample weight: it needs one number a row",
            f"{pointer}/sample_weight",
        )


def _check_rows(columns: Mapping[str, Column], side: Side, pointer: str) -> None:
    names = side.names()
    for name in names:
        if columns[name].rows != columns[names[0]].rows:
            raise DatasetError(
                f"column {names[0]!r} has {columns[names[0]].rows} rows and {name!r} has "
                f"{columns[name].rows}; they must have the same number",
                pointer,
            )


def _joint_labels(
    columns: Mapping[str, Column], train: Side, validation: Side | None
) -> dict[str, list[str]]:
    """For each text column, the labels of it and of its counterpart in the other side."""
    joint: dict[str, list[str]] = {}
    others = validation or train
    for port, other in [*_pairs(train.x, others.x), *_pairs(train.y, others.y)]:
        for names in zip(port.columns, other.columns):
            if all(columns[name].dtype == "string" for name in names):
                labels = sorted({label for name in names for label in columns[name].classes or ()})
                joint.update(dict.fromkeys(names, labels))
    return joint


def _pairs(ports: Ports | None, others: Ports | None) -> Iterable[tuple[Port, Port]]:
    return zip(flatten(ports), flatten(others))


def _check_sides_agree(selection: Selection) -> None:
    if selection.validation is None:
        return
    for part in ("x", "y"):
        train, validation = getattr(selection.train, part), getattr(selection.validation, part)
        pointer = f"/data/validation/{part}"
        if (type(train), _keys(train)) != (type(validation), _keys(validation)):
            raise DatasetError(
                f"validation's {part} must name its columns in the same form as {part}", pointer
            )
        for one, other in zip(flatten(train), flatten(validation)):
            shapes = [port.shape(selection.columns) for port in (one, other)]
            if shapes[0] != shapes[1]:
                raise DatasetError(
                    f"validation's {part} has shape {shapes[1]} and training's {part} has {shapes[0]}",
                    pointer,
                )


def _check_scale(selection: Selection) -> None:
    scale = selection.scale_x
    if scale is None:
        return
    if not isinstance(scale, int | float) or not np.isfinite(scale):
        raise DatasetError(f"scale_x must be a finite number, not {scale!r}", "/data/scale_x")
    for port in flatten(selection.train.x):
        for name in port.columns:
            if selection.columns[name].dtype == "string":
                raise DatasetError(f"column {name!r} of x is text and cannot be scaled", "/data/scale_x")


def _check_encoding(selection: Selection) -> None:
    if selection.encode_y is None:
        return
    if selection.encode_y != "categorical":
        raise DatasetError(
            f"encode_y can be 'categorical' or null, not {selection.encode_y!r}", "/data/encode_y"
        )
    sides = [selection.train, *([selection.validation] if selection.validation else [])]
    for port in (port for side in sides for port in flatten(side.y)):
        column = selection.columns[port.columns[0]]
        if len(port.columns) > 1 or column.classes is None:
            raise DatasetError(
                f"column {column.name!r} of shape {column.shape} and dtype {column.dtype} holds no classes: "
                "one whole number or text a row is needed to encode y",
                "/data/encode_y",
            )
        if column.minimum is not None and column.minimum < 0:
            raise DatasetError(
                f"column {column.name!r} holds {column.minimum:g}; classes are numbered from 0",
                "/data/encode_y",
            )
        size_bytes = 4 * column.rows * selection.class_count(port)
        if size_bytes > MAX_ENCODED_BYTES:
            raise DatasetError(
                f"column {column.name!r} with {selection.class_count(port):,} classes would take "
                f"{size_bytes:,} bytes encoded; the limit is {MAX_ENCODED_BYTES:,}: use a sparse loss "
                "without encode_y",
                "/data/encode_y",
            )


def _keys(ports: Any) -> Any:
    return set(ports) if isinstance(ports, dict) else len(ports) if isinstance(ports, list) else None
