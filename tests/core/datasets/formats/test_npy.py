from pathlib import Path

import numpy as np
import pytest

from core.datasets import DatasetError, Limits, inspect_file
from core.datasets.formats.npy import read_bytes_as_array
from core.datasets.reading import load_columns


def test_one_array_is_the_column_data_and_stays_on_disk(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.int16).reshape(4, 3)
    np.save(tmp_path / "a.npy", values)
    column = inspect_file(tmp_path / "a.npy").columns[0]
    assert (column.name, column.rows, column.shape, column.dtype) == ("data", 4, (3,), "int16")
    loaded = load_columns(tmp_path / "a.npy", "npy", ["data"])["data"]
    assert isinstance(loaded, np.memmap)
    np.testing.assert_array_equal(loaded, values)


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match="pickle, which is never opened"):
        inspect_file(tmp_path / "a.npy")


def test_an_empty_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((0, 4)))
    with pytest.raises(DatasetError, match="empty"):
        inspect_file(tmp_path / "a.npy")


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(100))
    (tmp_path / "b.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-8])
    with pytest.raises(DatasetError, match="800 bytes, but holds 792"):
        inspect_file(tmp_path / "b.npy")


def test_npy_bytes_of_a_request_are_read_under_the_same_rules(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    data = (tmp_path / "a.npy").read_bytes()
    np.testing.assert_array_equal(read_bytes_as_array(data, "x", Limits()), np.arange(6.0).reshape(2, 3))
    with pytest.raises(DatasetError, match="limit is 10 bytes"):
        read_bytes_as_array(data, "x", Limits(max_decompressed_bytes=10))
    with pytest.raises(DatasetError, match="not a sound npy array"):
        read_bytes_as_array(b"\x93NUMPYxx", "x", Limits())
