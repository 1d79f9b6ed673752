from pathlib import Path

import numpy as np
import pytest

from core.datasets import DatasetError, Limits, inspect_file, preview
from core.datasets.reading import load_columns


def test_a_file_of_another_format_than_said_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a", np.zeros(3))
    with pytest.raises(DatasetError, match="said to be csv but looks like npy") as caught:
        inspect_file(tmp_path / "a.npy", fmt="csv")
    assert caught.value.pointer == "/format"
    with pytest.raises(DatasetError, match="no dataset format 'xls'"):
        inspect_file(tmp_path / "a.npy", fmt="xls")


@pytest.mark.parametrize(("data", "words"), [(b"", "is empty"), (b"\0\1\2", "none of the known formats")])
def test_files_of_no_known_format_are_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(DatasetError, match=words):
        inspect_file(tmp_path / "a")


def test_missing_columns_are_named_with_those_that_are_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(3), y=np.zeros(3))
    with pytest.raises(DatasetError, match="no column 'z'; it has x, y"):
        load_columns(tmp_path / "a.npz", "npz", ["z"])


def test_too_many_columns_and_unprintable_names_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{f"c{place}": np.zeros(2) for place in range(3)})
    with pytest.raises(DatasetError, match="3 columns; the limit is 2"):
        inspect_file(tmp_path / "a.npz", Limits(max_columns=2))
    (tmp_path / "b.csv").write_text("a\x1b[0m,b\n1,2\n")
    with pytest.raises(DatasetError, match="printable"):
        inspect_file(tmp_path / "b.csv")


def test_large_rows_are_previewed_in_words(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 100, 50), np.uint8))
    assert preview(tmp_path / "a.npz", "npz", 2) == {"x": ["100 x 50 values of uint8"] * 2}


def test_more_than_a_thousand_different_values_are_no_classes(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", few=np.arange(2000) % 1000, many=np.arange(2000) % 1001)
    few, many = inspect_file(tmp_path / "a.npz").columns
    assert few.classes is not None
    assert len(few.classes) == 1000
    assert many.classes is None
