"""Arrays in memory as batches of tensors on the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from engine.backend.device import default_device
from engine.backend.dtypes import to_torch_dtype
from engine.backend.function import to_sparse

# Shuffled rows are gathered some batches at a time: less work than batch by batch, less memory than all at once.
_GATHERED_BYTES = 32 * 1024 * 1024
# Predictions are copied to their place some batches at a time, too.
_COLLECTED_BYTES = 64 * 1024


class Column:
    """One array of a data set, ready to be cut into batches.

    NumPy arrays become one tensor on the device; anything else that slices by rows (an HDF5 data set, say) is
    read batch by batch, and SciPy's sparse matrices become sparse tensors batch by batch.

    Args:
        array: rows along the first axis.
        dtype: element type of the batches.
    """

    def __init__(self, array: Any, dtype: Any) -> None:
        self.dtype = to_torch_dtype(dtype)
        self.rows = int(array.shape[0])
        self.is_sparse = hasattr(array, "tocsr")
        if self.is_sparse:
            array = array.tocsr()
        self.source = array
        self.tensor: torch.Tensor | None = None
        if isinstance(array, (np.ndarray, torch.Tensor)):
            self.tensor = self._convert(array)

    def _convert(self, array: Any) -> torch.Tensor:
        if self.is_sparse:
            return to_sparse(array).to(device=default_device(), dtype=self.dtype)
        if not isinstance(array, torch.Tensor):
            array = np.ascontiguousarray(array)
            array = torch.from_numpy(array if array.flags.writeable else array.copy())
        return array.to(device=default_device(), dtype=self.dtype)

    def slice(self, start: int, stop: int) -> torch.Tensor:
        """Return the rows from `start` to `stop`."""
        if self.tensor is not None:
            return self.tensor[start:stop]
        return self._convert(self.source[start:stop])

    def __getitem__(self, rows: Any) -> torch.Tensor:
        """Return rows next to each other, as a tensor's slices are."""
        return self.slice(rows.start, rows.stop)

    def take(self, index: np.ndarray) -> torch.Tensor | Column:
        """Return the rows of the given numbers, to be sliced further."""
        if self.is_sparse:
            return Column(self.source[index], self.dtype)
        if self.tensor is not None:
            return self.tensor.index_select(0, torch.from_numpy(index).to(self.tensor.device))
        # Files want rising row numbers without repeats.
        ordered, positions = np.unique(index, return_inverse=True)
        return self._convert(np.asarray(self.source[ordered])[positions])

    @property
    def row_bytes(self) -> int:
        """Bytes of one row on the device."""
        elements = int(np.prod(self.source.shape[1:], dtype=np.int64))
        return max(1, elements * torch.empty((), dtype=self.dtype).element_size())


def iterate_batches(
    columns: Sequence[Column | None],
    rows: int,
    batch_size: int,
    order: np.ndarray | None = None,
    first_batch: int = 0,
) -> Iterator[tuple[int, list[torch.Tensor | None]]]:
    """Yield the number of samples and the tensors of each batch.

    Args:
        columns: the arrays; None stands for an array that is left out.
        rows: how many rows they have.
        batch_size: samples a batch; the last one may have fewer.
        order: row numbers in the order wanted; as they lie by default.
        first_batch: number of the batch to begin with.
    """
    if order is None:
        for start in range(first_batch * batch_size, rows, batch_size):
            stop = min(start + batch_size, rows)
            yield stop - start, [None if column is None else column.slice(start, stop) for column in columns]
        return
    row_bytes = sum(column.row_bytes for column in columns if column is not None)
    step = batch_size * max(1, _GATHERED_BYTES // (row_bytes * batch_size + 1))
    skipped = first_batch * batch_size
    # Blocks are the same wherever the epoch begins: results may depend on how batches lie in memory.
    for first in range(skipped // step * step, rows, step):
        index = order[first : first + step]
        gathered = [None if column is None else column.take(index) for column in columns]
        for start in range(max(0, skipped - first), len(index), batch_size):
            stop = min(start + batch_size, len(index))
            yield stop - start, [None if tensor is None else tensor[start:stop] for tensor in gathered]


class Means:
    """Averages of values a batch, weighted by the batch's size, kept on the device until they are read."""

    def __init__(self) -> None:
        self._values: list[list[torch.Tensor]] = []
        self._weights: list[float] = []
        self._total: torch.Tensor | None = None
        self._total_weight = 0.0
        self._last: list[torch.Tensor] = []

    def add(self, values: Sequence[torch.Tensor], weight: float) -> None:
        """Add the values of one batch."""
        self._last = list(values)
        self._values.append(self._last)
        self._weights.append(weight)
        if len(self._values) >= 512:
            self._reduce()

    def _reduce(self) -> None:
        if not self._values:
            return
        rows = _stack_means(self._values)
        weights = torch.tensor(self._weights, dtype=torch.float64, device=rows.device)
        total = weights @ rows
        self._total = total if self._total is None else self._total + total
        self._total_weight += sum(self._weights)
        self._values, self._weights = [], []

    def read(self) -> list[float]:
        """Return the averages so far; an empty list where nothing was added."""
        self._reduce()
        if self._total is None:
            return []
        return (self._total / self._total_weight).tolist()

    def read_last(self) -> list[float]:
        """Return what the last batch gave; an empty list where nothing was added."""
        return _stack_means([self._last])[0].tolist() if self._last else []

    def get_state(self) -> dict[str, np.ndarray]:
        """Return all that was added, as arrays by name; what is not added up yet stays so, to the last bit."""
        state = {"weights": np.array(self._weights), "total_weight": np.array(self._total_weight)}
        parts = {
            "total": self._total,
            "values": _stack_means(self._values) if self._values else None,
            "last": _stack_means([self._last]) if self._last else None,
        }
        return state | {name: part.cpu().numpy() for name, part in parts.items() if part is not None}

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> Means:
        """Return the averages of which `get_state` told."""
        parts = {name: torch.tensor(array, device=default_device()) for name, array in state.items()}
        means = cls()
        means._weights = state["weights"].tolist()
        means._total_weight = float(state["total_weight"])
        means._total = parts.get("total")
        means._values = [list(row) for row in parts.get("values", ())]
        means._last = list(parts["last"][0]) if "last" in parts else []
        return means


def _stack_means(rows: Sequence[Sequence[torch.Tensor]]) -> torch.Tensor:
    """Return the mean of each value, a row a batch."""
    means = [value.double() if value.ndim == 0 else value.double().mean() for row in rows for value in row]
    return torch.stack(means).reshape(len(rows), len(rows[0]))


class Collector:
    """Batches of predictions put together to arrays.

    Args:
        rows: how many samples they have, where that is known.
        keeps: whether the tensors that are added stay as they are, so that they may be copied later.
    """

    def __init__(self, rows: int | None, keeps: bool = False) -> None:
        self._rows = rows
        self._arrays: list[np.ndarray] = []
        self._parts: list[Sequence[Any]] = []
        self._filled = 0
        self._most_bytes = _COLLECTED_BYTES if keeps else 0
        self._most_parts = 1

    def add(self, outputs: Sequence[torch.Tensor]) -> None:
        """Append one batch."""
        if self._rows is None:
            self._parts.append([output.detach().cpu().numpy().copy() for output in outputs])
            return
        if not self._arrays:
            self._begin(self._rows, outputs)
        self._parts.append(outputs)
        if len(self._parts) >= self._most_parts:
            self._move()

    def _begin(self, rows: int, outputs: Sequence[torch.Tensor]) -> None:
        for output in outputs:
            dtype = torch.empty(0, dtype=output.dtype).numpy().dtype
            self._arrays.append(np.empty((rows, *output.shape[1:]), dtype=dtype))
        batch_bytes = sum(output.numel() * output.element_size() for output in outputs)
        self._most_parts = 1 + self._most_bytes // (batch_bytes + 1)

    def _move(self) -> None:
        """Copy what was added since the last time."""
        filled = self._filled
        for array, parts in zip(self._arrays, zip(*self._parts, strict=True), strict=True):
            batch = (parts[0] if len(parts) == 1 else torch.cat(parts)).detach().cpu().numpy()
            array[filled : filled + len(batch)] = batch
        self._filled += sum(len(outputs[0]) for outputs in self._parts)
        self._parts = []

    def finish(self) -> list[np.ndarray]:
        """Return the arrays."""
        if self._rows is None:
            return [np.concatenate(parts) for parts in zip(*self._parts, strict=True)]
        if self._parts:
            self._move()
        return self._arrays
