import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.datasets import DatasetError, Limits, inspect_file, preview
from core.datasets.reading import load_columns


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.npz"


def test_columns_are_described_and_loaded(path: Path) -> None:
    x = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    y = np.array([2, 0, 2, 1])
    np.savez_compressed(path, x=x, y=y)
    description = inspect_file(path)
    assert (description.format, description.rows) == ("npz", 4)
    first, second = description.columns
    assert (first.name, first.shape, first.dtype, first.classes) == ("x", (3, 2), "float32", None)
    assert (first.minimum, first.maximum) == (0.0, 23.0)
    assert (second.shape, second.dtype, second.classes) == ((), "int64", {"0": 1, "1": 1, "2": 2})
    loaded = load_columns(path, "npz", ["y", "x"])
    np.testing.assert_array_equal(loaded["x"], x)
    np.testing.assert_array_equal(loaded["y"], y)


def test_arrays_over_many_blocks_and_in_fortran_order_come_back_whole(path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(300_000, 9))
    np.savez(path, x=x, f=np.asfortranarray(x[:100]), swapped=x[:10].astype(">f8"))
    loaded = load_columns(path, "npz", ["x", "f", "swapped"])
    np.testing.assert_array_equal(loaded["x"], x)
    np.testing.assert_array_equal(loaded["f"], x[:100])
    np.testing.assert_array_equal(loaded["swapped"], x[:10])


def test_text_becomes_places_among_sorted_labels(path: Path) -> None:
    np.savez(path, x=np.zeros(3), name=np.array(["dog", "ant", "dog"]), raw=np.array([b"b", b"a", b"b"]))
    column = inspect_file(path).columns[1]
    assert (column.dtype, column.classes, column.minimum) == ("string", {"ant": 1, "dog": 2}, None)
    loaded = load_columns(path, "npz", ["name", "raw"])
    assert loaded["name"].tolist() == loaded["raw"].tolist() == [1, 0, 1]
    assert preview(path, "npz", 2) == {"x": [0.0, 0.0], "name": ["dog", "ant"], "raw": ["b", "a"]}


def test_booleans_and_values_that_are_not_finite(path: Path) -> None:
    np.savez(path, flag=np.array([True, False, True]), z=np.array([np.nan, 2.0, np.inf]))
    flag, z = inspect_file(path).columns
    assert flag.classes == {"false": 1, "true": 2}
    assert (z.minimum, z.maximum) == (2.0, 2.0)


def test_pickled_objects_are_refused(path: Path) -> None:
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DatasetError, match="never opened") as caught:
        inspect_file(path)
    assert caught.value.pointer == "/columns/x"


@pytest.mark.parametrize(
    ("array", "words"),
    [(np.zeros((0, 3)), "is empty"), (np.float64(3), "single value"), (np.zeros(2, "c16"), "dtype")],
)
def test_arrays_that_hold_nothing_to_train_on_are_refused(path: Path, array: np.ndarray, words: str) -> None:
    np.savez(path, x=array)
    with pytest.raises(DatasetError, match=words):
        inspect_file(path)


def test_an_archive_of_no_arrays_is_refused(path: Path) -> None:
    zipfile.ZipFile(path, "w").close()
    with pytest.raises(DatasetError, match="empty"):
        inspect_file(path)


def test_a_declared_shape_larger_than_the_data_is_refused_before_memory_is_taken(path: Path) -> None:
    np.save(path.with_suffix(".npy"), np.zeros(8))
    data = path.with_suffix(".npy").read_bytes().replace(b"(8,), }  ", b"(8888,), }")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", data)
    with pytest.raises(DatasetError, match=r"declares shape \(8888,\)"):
        inspect_file(path)


def test_a_bomb_is_refused_by_its_declared_size(path: Path) -> None:
    np.savez_compressed(path, x=np.zeros(4_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(DatasetError, match="limit is 1,000,000 bytes"):
        inspect_file(path, Limits(max_decompressed_bytes=1_000_000))


def test_a_bomb_that_lies_about_its_size_is_refused(path: Path) -> None:
    np.savez_compressed(path, x=np.zeros(100_000))
    true_size, lie = (800_128).to_bytes(4, "little"), (928).to_bytes(4, "little")
    data = path.read_bytes()
    assert true_size in data
    path.write_bytes(data.replace(true_size, lie))
    with pytest.raises(DatasetError, match="damaged"):
        inspect_file(path, Limits(max_decompressed_bytes=1_000_000))


def test_a_damaged_member_is_refused(path: Path) -> None:
    np.savez(path, x=np.arange(1000))
    data = bytearray(path.read_bytes())
    data[2000] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="damaged"):
        inspect_file(path)


def test_a_truncated_archive_is_refused(path: Path) -> None:
    np.savez(path, x=np.arange(1000))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DatasetError, match="cut short"):
        inspect_file(path)
