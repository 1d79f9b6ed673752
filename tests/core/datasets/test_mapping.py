from typing import Any

import numpy as np
import pytest

from core.datasets import Column, DatasetError, Selection, select


def column(
    name: str, shape: tuple[int, ...] = (), rows: int = 4, dtype: str = "float32", **more: Any
) -> Column:
    return Column(name, shape, dtype, rows, more.get("classes"), more.get("minimum"), more.get("maximum"))


def classes(name: str, *labels: str, rows: int = 4) -> Column:
    return column(name, rows=rows, dtype="string", classes=dict.fromkeys(labels, 1))


def numbered(name: str, highest: int, rows: int = 4) -> Column:
    counts = {str(number): 1 for number in range(highest + 1)}
    return column(name, rows=rows, dtype="int64", classes=counts, minimum=0.0, maximum=float(highest))


def names(selection: Selection) -> tuple[list[str], list[str] | None]:
    return selection.train.names(), selection.validation and selection.validation.names()


class TestDefaults:
    def test_x_and_y(self) -> None:
        selection = select([column("x", (28, 28)), numbered("y", 9)])
        assert names(selection) == (["x", "y"], None)
        assert (selection.x_shapes(), selection.y_shapes(), selection.rows) == ((None, 28, 28), (None, 1), 4)

    def test_train_with_test_for_validation(self) -> None:
        columns = [column(name, (3,), rows) for name, rows in
                   (("X_train", 9), ("y_train", 9), ("X_test", 2), ("y_test", 2))]  # fmt: skip
        assert names(select(columns)) == (["X_train", "y_train"], ["X_test", "y_test"])

    def test_images(self) -> None:
        assert names(select([column("image", (8, 8, 1)), classes("label", "a", "b")])) == (
            ["image", "label"],
            None,
        )

    def test_a_table_has_its_target_or_last_column_as_y(self) -> None:
        assert names(select([column("a"), column("target"), column("b")]))[0] == ["a", "b", "target"]
        selection = select([column("a"), column("b"), column("c"), column("sample_weight")])
        assert names(selection)[0] == ["a", "b", "c", "sample_weight"]
        assert (selection.x_shapes(), selection.y_shapes()) == ((None, 2), (None, 1))

    def test_names_that_tell_nothing_are_asked_about(self) -> None:
        with pytest.raises(DatasetError, match=r"say so, as in \"data\"") as caught:
            select([column("p", (3,)), column("q", (3,))])
        assert caught.value.pointer == "/data"

    def test_encoding_alone_keeps_the_default_columns(self) -> None:
        assert select([column("x"), numbered("y", 9)], {"encode_y": "categorical"}).y_shapes() == (None, 10)


class TestChoice:
    def test_inputs_and_outputs_by_name_or_in_order(self) -> None:
        columns = [column("a", (3,)), column("b", (4,)), column("c"), column("d")]
        selection = select(columns, {"x": {"left": "a", "right": ["c", "d"]}, "y": ["a", "b"]})
        assert selection.x_shapes() == {"left": (None, 3), "right": (None, 2)}
        assert selection.y_shapes() == [(None, 3), (None, 4)]

    def test_arrays_are_put_side_by_side_scaled_and_encoded(self) -> None:
        selection = select(
            [column("a"), column("b"), numbered("y", 2)],
            {"x": ["b", "a"], "y": "y", "scale_x": 0.5, "encode_y": "categorical"},
        )
        train, validation = selection.arrays(
            {"a": np.array([2, 4]), "b": np.array([6, 8]), "y": np.array([2, 0])}
        )
        assert validation is None
        np.testing.assert_array_equal(train.x, np.array([[3, 1], [4, 2]], np.float32))
        assert train.x.dtype == np.float32
        np.testing.assert_array_equal(train.y, [[0, 0, 1], [1, 0, 0]])

    def test_classes_of_training_and_validation_are_joined(self) -> None:
        columns = [column("x"), classes("y", "b", "c"), column("vx"), classes("vy", "a", "c")]
        data = {"x": "x", "y": "y", "validation": {"x": "vx", "y": "vy"}, "encode_y": "categorical"}
        selection = select(columns, data)
        loaded = {"x": np.zeros(2), "y": np.array([0, 1]), "vx": np.zeros(2), "vy": np.array([0, 1])}
        train, validation = selection.arrays(loaded)
        assert selection.y_shapes() == (None, 3)
        assert validation is not None
        assert train.y.argmax(1).tolist() == [1, 2]
        assert validation.y.argmax(1).tolist() == [0, 2]

    def test_the_width_of_whole_numbers_counts_validation_too(self) -> None:
        columns = [column("x"), numbered("y", 1), column("x_test"), numbered("y_test", 4)]
        assert select(columns, {"encode_y": "categorical"}).y_shapes() == (None, 5)

    @pytest.mark.parametrize(
        ("data", "pointer"),
        [
            ({"x": "nope", "y": "y"}, "/data/x"),
            ({"x": ["x", "nope"], "y": "y"}, "/data/x/1"),
            ({"x": {"in": "nope"}, "y": "y"}, "/data/x/in"),
            ({"x": [], "y": "y"}, "/data/x"),
            ({"x": None, "y": "y"}, "/data/x"),
            ({"x": 3, "y": "y"}, "/data/x"),
            ({"x": "x", "y": "short"}, "/data"),
            ({"x": "x", "y": "y", "sample_weight": "image"}, "/data/sample_weight"),
            ({"x": "x", "y": "y", "validation": {"x": "image", "y": "y"}}, "/data/validation/x"),
            ({"x": "x", "y": "y", "validation": {"x": "x"}}, "/data/validation/y"),
            ({"x": "x", "y": "y", "validation": 0.2}, "/data/validation"),
            ({"x": "x", "y": "y", "encode_y": "onehot"}, "/data/encode_y"),
            ({"x": "x", "y": "x", "encode_y": "categorical"}, "/data/encode_y"),
            ({"x": "x", "y": "below", "encode_y": "categorical"}, "/data/encode_y"),
            ({"x": "x", "y": "y", "scale_x": float("nan")}, "/data/scale_x"),
            ({"x": "x", "y": "y", "scale": 2}, "/data/scale"),
            ({"x": "text", "y": "y"}, "/data/x"),
            ({"x": {"in": ["x", "image"]}, "y": "y"}, "/data/x/in"),
        ],
    )
    def test_a_wrong_choice_is_pointed_at(self, data: dict[str, Any], pointer: str) -> None:
        columns = [
            column("x"), numbered("y", 3), column("short", rows=3), column("image", (2, 2)),
            column("text", dtype="string"),
            column("below", dtype="int64", classes={"-1": 4}, minimum=-1.0, maximum=0.0),
        ]  # fmt: skip
        with pytest.raises(DatasetError) as caught:
            select(columns, data)
        assert caught.value.pointer == pointer


def test_columns_survive_json() -> None:
    original = numbered("y", 3)
    assert Column.from_json(original.to_json()) == original
