"""The table of a model's layers, line by line."""

from collections.abc import Iterator
from typing import Any

import pytest

from engine import backend as K
from engine import layers as L
from engine.models import Model, Sequential


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    with K.isolated_state():
        yield


def read_summary(model: Any, **kwargs: Any) -> list[str]:
    lines: list[str] = []
    model.summary(print_fn=lines.append, **kwargs)
    return lines


def test_a_stack_has_three_columns_of_65_characters() -> None:
    model = Sequential([L.Dense(3, input_shape=(4,)), L.BatchNormalization(), L.Dense(2)])
    model.layers[0].trainable = False
    assert read_summary(model) == [
        "_________________________________________________________________",
        "Layer (type)                 Output Shape              Param #   ",
        "=================================================================",
        "dense_1 (Dense)              (None, 3)                 15        ",
        "_________________________________________________________________",
        "batch_normalization_1 (Batch (None, 3)                 12        ",
        "_________________________________________________________________",
        "dense_2 (Dense)              (None, 2)                 8         ",
        "=================================================================",
        "Total params: 35",
        "Trainable params: 14",
        "Non-trainable params: 21",
        "_________________________________________________________________",
    ]


def test_a_graph_tells_what_layers_are_connected_to() -> None:
    inner = Sequential([L.Dense(2, input_shape=(4,))])
    x = L.Input((4,))
    model = Model(x, L.add([inner(x), L.Dense(2)(x)]))
    assert read_summary(model) == [
        "_" * 98,
        "Layer (type)                    Output Shape         Param #     Connected to                     ",
        "=" * 98,
        "input_1 (InputLayer)            (None, 4)            0                                            ",
        "_" * 98,
        "sequential_1 (Sequential)       (None, 2)            10          input_1[0][0]                    ",
        "_" * 98,
        "dense_2 (Dense)                 (None, 2)            10          input_1[0][0]                    ",
        "_" * 98,
        "add_1 (Add)                     (None, 2)            0           sequential_1[1][0]               ",
        "                                                                 dense_2[0][0]                    ",
        "=" * 98,
        "Total params: 20",
        "Trainable params: 20",
        "Non-trainable params: 0",
        "_" * 98,
    ]


def test_a_shared_layer_of_several_sizes_has_multiple_shapes() -> None:
    x, y = L.Input((8, 8, 1)), L.Input((9, 9, 1))
    shared = L.Conv2D(2, 3)
    pooled = [L.GlobalMaxPooling2D()(shared(tensor)) for tensor in (x, y)]
    lines = read_summary(Model([x, y], L.concatenate(pooled)))
    row = next(number for number, line in enumerate(lines) if line.startswith("conv2d_1"))
    assert lines[row].split() == ["conv2d_1", "(Conv2D)", "multiple", "20", "input_1[0][0]"]
    assert lines[row + 1].split() == ["input_2[0][0]"]


def test_line_length_and_positions_can_be_chosen() -> None:
    model = Sequential([L.Dense(1000, input_shape=(4000,))])
    lines = read_summary(model, line_length=40, positions=[0.5, 0.8, 1.0])
    assert lines[3] == "dense_1 (Dense)     (None, 1000 4001000 "
    assert {len(line) for line in lines[:5]} == {40}
    assert "Total params: 4,001,000" in lines
    assert read_summary(model, line_length=40, positions=[20, 32, 40])[3] == lines[3]


def test_print_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    Sequential([L.Dense(1, input_shape=(1,))]).summary()
    assert "dense_1 (Dense)              (None, 1)                 2" in capsys.readouterr().out
