"""Metrics in a CSV file."""

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine import callbacks


def read(path: Path, separator: str = ",") -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_row_an_epoch(model: Any, data: Any, tmp_path: Path, separator: str) -> None:
    path = tmp_path / "log.csv"
    logger = callbacks.CSVLogger(path, separator=separator)
    history = model.fit(*data, epochs=3, verbose=0, callbacks=[logger])
    rows = read(path, separator)
    assert list(rows[0]) == ["epoch", "loss", "mean_absolute_error"]
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2]
    assert [float(row["loss"]) for row in rows] == history.history["loss"]


def test_append_goes_on_without_a_second_header(model: Any, data: Any, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    for epoch in range(2):
        logger = callbacks.CSVLogger(str(path), append=True)
        model.fit(*data, initial_epoch=epoch, epochs=epoch + 1, verbose=0, callbacks=[logger])
    assert [int(row["epoch"]) for row in read(path)] == [0, 1]
    model.fit(*data, verbose=0, callbacks=[callbacks.CSVLogger(str(path))])
    assert [int(row["epoch"]) for row in read(path)] == [0]


def test_rows_are_on_disk_at_once_and_hold_arrays(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    logger = callbacks.CSVLogger(path)
    logger.set_model(SimpleNamespace(stop_training=True))
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": np.float32(0.5), "per_class": np.array([1, 2]), "val_loss": 1.0})
    logger.on_epoch_end(1, {"loss": np.array(0.25), "per_class": "none"})
    assert [list(row.values()) for row in read(path)] == [
        ["0", "0.5", '"[1, 2]"', "1.0"],
        ["1", "0.25", "none", "NA"],
    ]
    logger.on_train_end()
    assert logger.csv_file.closed


def test_a_second_training_writes_the_file_anew(model: Any, data: Any, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    logger = callbacks.CSVLogger(path)
    for _ in range(2):
        model.fit(*data, epochs=2, verbose=0, callbacks=[logger])
    assert [row["epoch"] for row in read(path)] == ["0", "1"]


def test_a_restored_one_goes_on_in_its_file(model: Any, data: Any, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    first, second = callbacks.CSVLogger(path), callbacks.CSVLogger(path)
    model.fit(*data, epochs=2, verbose=0, validation_data=data, callbacks=[first])
    second.set_state(first.get_state())
    model.fit(*data, initial_epoch=2, epochs=3, verbose=0, callbacks=[second])
    rows = read(path)
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert rows[2]["val_loss"] == "NA"
