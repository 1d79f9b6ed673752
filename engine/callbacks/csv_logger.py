"""Metrics in a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.callbacks.base import Callback, Logs


class CSVLogger(Callback):
    """Writes a row of metrics an epoch.

    Args:
        filename: the file.
        separator: what separates values.
        append: whether to go on in a file that is there; else it is written anew.
    """

    state_names = ("keys",)

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.sep = separator
        self.filename = filename
        self.append = append
        self.append_header = True
        self.keys: list[str] | None = None
        self.csv_file: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when the training begins; one that goes on from a state goes on in its file."""
        goes_on = self.append or "_restored_state" in vars(self)
        self.append_header = not (
            goes_on and os.path.exists(self.filename) and os.path.getsize(self.filename)
        )
        self.csv_file = open(self.filename, "a" if goes_on else "w", newline="")  # noqa: SIM115

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch."""
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
        # Validation may be left out of the last epoch; its columns stay.
        row = {key: _to_cell(logs[key]) if key in logs else "NA" for key in self.keys}
        writer = csv.writer(self.csv_file, delimiter=self.sep)
        if self.append_header:
            writer.writerow(["epoch", *self.keys])
            self.append_header = False
        writer.writerow([epoch, *row.values()])
        self.csv_file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        """Called when the training ends."""
        self.csv_file.close()


def _to_cell(value: Any) -> Any:
    """Return a value as it stands in a cell; sequences in brackets."""
    is_scalar_array = isinstance(value, np.ndarray) and value.ndim == 0
    if isinstance(value, str) or not isinstance(value, Iterable) or is_scalar_array:
        return value
    return f'"[{", ".join(map(str, value))}]"'
