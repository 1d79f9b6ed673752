from pathlib import Path

import h5py
import numpy as np
import pytest

from core.datasets import DatasetError, Limits, inspect_file
from core.datasets.reading import load_columns


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.h5"


def test_datasets_in_groups_are_columns(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("train/x", data=np.arange(6, dtype=">f4").reshape(3, 2), compression="gzip")
        file["train/y"] = np.array([True, False, True])
        file["kind"] = ["b", "a", "b"]
        file["code"] = np.array([b"u", b"v", b"u"])
    columns = {column.name: column for column in inspect_file(path).columns}
    assert {name: column.dtype for name, column in columns.items()} == {
        "code": "string", "kind": "string", "train/x": "float32", "train/y": "bool",
    }  # fmt: skip
    assert columns["kind"].classes == {"a": 1, "b": 2}
    loaded = load_columns(path, "hdf5", ["train/x", "kind", "code"])
    np.testing.assert_array_equal(loaded["train/x"], np.arange(6.0).reshape(3, 2))
    assert loaded["kind"].tolist() == [1, 0, 1]
    assert loaded["code"].tolist() == [0, 1, 0]


def test_links_are_refused(path: Path) -> None:
    secret = path.with_name("secret.h5")
    with h5py.File(secret, "w") as file:
        file["x"] = np.arange(3)
    for link, words in ((h5py.ExternalLink(str(secret), "/x"), "external"), (h5py.SoftLink("/y"), "soft")):
        with h5py.File(path, "w") as file:
            file["y"] = np.arange(3)
            file["x"] = link
        with pytest.raises(DatasetError, match=f"an? {words} link") as caught:
            inspect_file(path)
        assert caught.value.pointer == "/columns/x"


def test_data_kept_in_other_files_is_refused(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (3,), "i4", external=[("/etc/passwd", 0, 12)])
    with pytest.raises(DatasetError, match="another file"):
        inspect_file(path)
    layout = h5py.VirtualLayout((3,), "i4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (3,))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("x", layout)
    with pytest.raises(DatasetError, match="virtual dataset"):
        inspect_file(path)


def test_references_and_compound_types_are_refused(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("r", (2,), h5py.ref_dtype)
    with pytest.raises(DatasetError, match="only numbers"):
        inspect_file(path)
    with h5py.File(path, "w") as file:
        file["c"] = np.zeros(2, [("a", "i4"), ("b", "f4")])
    with pytest.raises(DatasetError, match="only numbers"):
        inspect_file(path)


def test_shape_bombs_are_refused(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (10**9, 10**6), "f8", chunks=(1000, 1000))
    with pytest.raises(DatasetError, match="limit"):
        inspect_file(path)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1000,), "f8", chunks=(10,))
    with pytest.raises(DatasetError, match="holds no values"):
        inspect_file(path)


def test_groups_linked_in_a_circle_end_in_words(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_group("a")["b"] = file["/"]
    with pytest.raises(DatasetError, match="linked twice"):
        inspect_file(path)


def test_a_damaged_or_empty_file_is_refused(path: Path) -> None:
    h5py.File(path, "w").close()
    with pytest.raises(DatasetError, match="empty"):
        inspect_file(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DatasetError, match="damaged"):
        inspect_file(path)


def test_the_limit_holds_for_all_datasets_together(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"], file["y"] = np.zeros(100), np.zeros(100)
    inspect_file(path, Limits(max_decompressed_bytes=1600))
    with pytest.raises(DatasetError, match="1,600 bytes"):
        inspect_file(path, Limits(max_decompressed_bytes=1599))
