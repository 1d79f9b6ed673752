from pathlib import Path

import pytest

from core.datasets import DatasetError, Limits, inspect_file, preview
from core.datasets.reading import load_columns


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_types_are_found_from_all_cells(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "\ufeffage, height (cm) ,kind,ok\r\n31,1.5e2,cat,true\r\n"
        '-4,+7,"dog, big",FALSE\r\n\r\n0, .5,cat,true\r\n',
    )
    description = inspect_file(path)
    assert (description.format, description.rows) == ("csv", 3)
    assert [(column.name, column.dtype) for column in description.columns] == [
        ("age", "int64"), ("height (cm)", "float64"), ("kind", "string"), ("ok", "bool"),
    ]  # fmt: skip
    assert description.columns[2].classes == {"cat": 2, "dog, big": 1}
    assert load_columns(path, "csv", ["height (cm)"])["height (cm)"].tolist() == [150.0, 7.0, 0.5]
    assert preview(path, "csv", 1) == {"age": [31], "height (cm)": [150.0], "kind": ["cat"], "ok": [True]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = write(tmp_path, f"a{delimiter}b\n1{delimiter}2\n")
    assert load_columns(path, "csv", ["a", "b"])["b"].tolist() == [2]


def test_a_table_without_header_gets_numbered_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "1,2.5\n3,4.5\n")
    assert load_columns(path, "csv", ["column_1", "column_2"])["column_1"].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n3,4\n5,six\n7,8\n", "row 3, column 'b' holds 'six', which is not a finite number"),
        ("a,b\n1,2\n3,nan\n5,6\n", "row 2, column 'b' holds 'nan'"),
        ("a,b\n1,2\n3,\n5,6\n", "row 2, column 'b' is empty"),
        ("a,b\nred,2\n,4\n", "row 2, column 'a' is empty"),
        ("a,b\n1,2\n3\n5,6\n", "row 2 of the CSV file has 1 cells where the first has 2: '3'"),
        ("a,b\n1,2\n3,4,5\n", "row 2 of the CSV file has 3 cells"),
        ("1,2\n3,4\n5\n", "row 3 of the CSV file has 1 cells"),
        ("a,b,a\n1,2,3\n", "names 'a' twice, as columns 1 and 3"),
        ("a,,c\n1,2,3\n", "column 2 of the CSV header has no name"),
        ("a,b\n", "header and no rows"),
        ("\n\n", "empty"),
        (b"a,b\n1,2\n\xff\xfe,4\n", "line 3 of the CSV file is not UTF-8 text"),
        ("a,b\n1e999,2\n3,4\n", "row 1, column 'a' holds '1e999', which is too large"),
        ("a,b\n" + "x" * 300 + ",2\n", "row 1, column 'a': a text of 300 characters"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(DatasetError) as caught:
        inspect_file(write(tmp_path, text))
    assert words in caught.value.detail


def test_large_tables_keep_the_row_of_a_bad_cell(tmp_path: Path) -> None:
    rows = [f"{number},{number / 7}" for number in range(200_000)]
    rows[150_000] = "150000,oops"
    with pytest.raises(DatasetError, match="row 150001, column 'b' holds 'oops'"):
        inspect_file(write(tmp_path, "a,b\n" + "\n".join(rows)))


def test_a_table_too_large_for_memory_is_refused_unread(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "1,2\n" * 1000)
    inspect_file(path, Limits(max_decompressed_bytes=30_000))
    with pytest.raises(DatasetError, match="limit is 20,000 bytes"):
        inspect_file(path, Limits(max_decompressed_bytes=20_000))
