"""Checking the arrays that users pass against what a model expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.graph.tensor import Shape


def as_array(data: Any) -> Any:
    """Return `data` as something sliced by rows with a shape: arrays stay as they are, lists become arrays."""
    if hasattr(data, "values") and hasattr(data, "iloc"):
        return np.asarray(data.values)
    return data if hasattr(data, "shape") and hasattr(data, "dtype") else np.asarray(data)


def standardize_data(
    data: Any, names: Sequence[str], shapes: Sequence[Shape | None] | None, kind: str
) -> list[Any]:
    """Return one array a name, with a last axis added to vectors.

    Args:
        data: an array, a list of arrays, or a dict by name.
        names: what the model calls them.
        shapes: the shapes they must have; None, or None for one of them, where any will do.
        kind: `input` or `target`, for errors.

    Raises:
        ValueError: an array is missing or has the wrong shape.
    """
    if not names:
        if data is not None and len(_as_list(data)):
            raise ValueError(f"Error when checking model {kind}: expected no data, but got: {data!r}")
        return []
    arrays = [as_array(item) for item in _select(data, names, kind)]
    arrays = [_to_column(array) if len(array.shape) == 1 else array for array in arrays]
    for name, array, shape in zip(names, arrays, shapes or [None] * len(names), strict=True):
        if shape is not None:
            check_shape(name, tuple(array.shape), shape, kind)
    return arrays


def _to_column(vector: Any) -> Any:
    """Add a last axis; a vector is small enough to be read from its file."""
    return (vector if hasattr(vector, "reshape") else np.asarray(vector[:])).reshape(-1, 1)


class RowRange:
    """Some rows of an array that lies in a file, read where they are asked for.

    Args:
        source: has a shape and slices by rows.
        rows: which of its rows.
    """

    def __init__(self, source: Any, rows: slice) -> None:
        self._source = source
        self._start, stop, _ = rows.indices(int(source.shape[0]))
        self.shape = (max(0, stop - self._start), *source.shape[1:])
        self.dtype = source.dtype

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            return self._source[start + self._start : stop + self._start : step]
        return self._source[np.asarray(key) + self._start]


def take_rows(array: Any, rows: slice) -> Any:
    """Return some rows of an array; of one that lies in a file without reading it."""
    if array is None:
        return None
    return array[rows] if hasattr(array, "reshape") else RowRange(array, rows)


def check_shape(name: str, found: Sequence[int], expected: Shape, kind: str) -> None:
    """Compare an array's shape with the expected one, the batch axis left out.

    Raises:
        ValueError: they differ.
    """
    if len(found) != len(expected):
        raise ValueError(
            f"Error when checking {kind}: expected {name} to have {len(expected)} dimensions, but got array "
            f"with shape {tuple(found)}"
        )
    for size, wanted in zip(found[1:], expected[1:], strict=True):
        if wanted is not None and size != wanted:
            raise ValueError(
                f"Error when checking {kind}: expected {name} to have shape {tuple(expected[1:])} but got array "
                f"with shape {tuple(found[1:])}"
            )


def _as_list(data: Any) -> list[Any]:
    return list(data) if isinstance(data, (list, tuple)) else [data]


def _select(data: Any, names: Sequence[str], kind: str) -> list[Any]:
    """Return the items of `data` in the order of `names`."""
    if data is None:
        raise ValueError(f"Error when checking model {kind}: no data was given for {list(names)}.")
    if isinstance(data, dict):
        for name in names:
            if name not in data:
                raise ValueError(f'No data provided for "{name}". Need data for each key in: {list(names)}')
        return [data[name] for name in names]
    if not isinstance(data, (list, tuple)):
        if len(names) != 1:
            raise ValueError(
                f"The model expects {len(names)} {kind} arrays, but only received one array. Found: array "
                f"with shape {getattr(data, 'shape', None)}"
            )
        return [data]
    items = list(data)
    if len(items) != len(names):
        is_plain_list = len(names) == 1 and not any(hasattr(item, "shape") for item in items)
        if is_plain_list:
            return [np.asarray(items)]
        shown = str(items)[:200]
        raise ValueError(
            f"Error when checking model {kind}: the list of Numpy arrays that you are passing to your model is "
            f"not the size the model expected. Expected to see {len(names)} array(s), but instead got the "
            f"following list of {len(items)} arrays: {shown}..."
        )
    if len(names) == 1 and not hasattr(items[0], "shape") and np.ndim(items[0]) == 0:
        return [np.asarray(items)]
    return items


def check_lengths(inputs: Sequence[Any], targets: Sequence[Any], weights: Sequence[Any] = ()) -> int:
    """Return the common number of samples.

    Raises:
        ValueError: the numbers differ.
    """
    for kind, arrays in (("Input", inputs), ("Target", targets)):
        lengths = sorted({len_of(array) for array in arrays})
        if len(lengths) > 1:
            raise ValueError(
                f"All {kind.lower()} arrays should have the same number of samples. Got array shapes: "
                f"{[tuple(array.shape) for array in arrays]}"
            )
    if inputs and targets and len_of(inputs[0]) != len_of(targets[0]):
        raise ValueError(
            f"Input arrays should have the same number of samples as target arrays. Found {len_of(inputs[0])} "
            f"input samples and {len_of(targets[0])} target samples."
        )
    for array in weights:
        if array is not None and targets and len_of(array) != len_of(targets[0]):
            raise ValueError(
                f"Sample_weight arrays should have the same number of samples as target arrays. Got "
                f"{len_of(targets[0])} input samples and {len_of(array)} target samples."
            )
    return len_of(inputs[0]) if inputs else len_of(targets[0]) if targets else 0


def len_of(array: Any) -> int:
    """Return the number of rows."""
    return int(array.shape[0])


def check_losses(targets: Sequence[Any], outputs: Sequence[Any]) -> None:
    """Refuse targets that can't go with their loss.

    Args:
        targets: arrays of targets.
        outputs: the plans of the outputs they are for.

    Raises:
        ValueError: class numbers are given to `categorical_crossentropy`, or shapes differ.
    """
    for target, output in zip(targets, outputs, strict=True):
        name = getattr(output.loss, "__name__", "")
        if name == "categorical_crossentropy" and target.shape[-1] == 1 and output.tensor.shape[-1] != 1:
            raise ValueError(
                f"You are passing a target array of shape {tuple(target.shape)} while using as loss "
                "`categorical_crossentropy`. `categorical_crossentropy` expects targets to be binary matrices "
                "(1s and 0s) of shape (samples, classes). If your targets are integer classes, you can convert "
                "them by `to_categorical`, or use the loss `sparse_categorical_crossentropy` instead, which "
                "expects integer targets."
            )
