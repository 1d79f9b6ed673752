from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from core.datasets import DatasetError, Limits, inspect_file
from core.datasets.reading import load_columns


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.parquet"


def test_numbers_text_and_lists(path: Path) -> None:
    table = pa.table({
        "a": pa.array([1, 2, 3], pa.int8()),
        "kind": pa.array(["x", "y", "x"]).dictionary_encode(),
        "pixels": pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], pa.list_(pa.float32())),
        "flag": [True, False, True],
    })  # fmt: skip
    pa.parquet.write_table(table, path)
    columns = inspect_file(path).columns
    assert [(c.name, c.dtype, c.shape) for c in columns] == [
        ("a", "int8", ()), ("kind", "string", ()), ("pixels", "float32", (2,)), ("flag", "bool", ()),
    ]  # fmt: skip
    loaded = load_columns(path, "parquet", ["pixels", "kind"])
    np.testing.assert_array_equal(loaded["pixels"], [[1, 2], [3, 4], [5, 6]])
    assert loaded["kind"].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (pa.array([1, None, 3]), "row 2, column 'a' is empty"),
        (pa.array([[1], [1, 2], [3]]), "row 2, column 'a': a list of 2 values where the first row has 1"),
        (pa.array([b"a", b"b", b"c"]), "has the type binary"),
        (pa.array([0, 1, 2], pa.timestamp("s")), "has the type timestamp"),
        (pa.array([], pa.int64()), "no rows"),
    ],
)
def test_what_cannot_be_trained_on_is_named(path: Path, values: pa.Array, words: str) -> None:
    pa.parquet.write_table(pa.table({"a": values}), path)
    with pytest.raises(DatasetError) as caught:
        inspect_file(path)
    assert words in caught.value.detail


def test_two_columns_of_one_name_are_refused(path: Path) -> None:
    pa.parquet.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), path)
    with pytest.raises(DatasetError, match="two columns named 'a'"):
        inspect_file(path)


def test_many_rows_in_few_bytes_are_refused(path: Path) -> None:
    pa.parquet.write_table(pa.table({"a": np.zeros(2_000_000)}), path)
    assert path.stat().st_size < 20_000
    with pytest.raises(DatasetError, match="limit is 10,000,000"):
        inspect_file(path, Limits(max_decompressed_bytes=10_000_000))


def test_a_damaged_file_is_refused(path: Path) -> None:
    pa.parquet.write_table(pa.table({"a": [1, 2]}), path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DatasetError, match="damaged"):
        inspect_file(path)
