"""Models as pictures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import backend as K
from engine import layers, models
from engine.utils import plot_model, vis_utils
from engine.utils.vis_utils import model_to_dot

pytest.importorskip("pydot")


@pytest.fixture(autouse=True)
def fresh_session() -> Iterator[None]:
    with K.isolated_state():
        yield


def make_model() -> Any:
    first, second = layers.Input((4, 3)), layers.Input((4, 3))
    shared = layers.TimeDistributed(layers.Dense(2))
    inner = models.Sequential([layers.Flatten(input_shape=(4, 4)), layers.Dense(1)], name="inner")
    return models.Model([first, second], inner(layers.concatenate([shared(first), shared(second)])))


def labels_of(dot: Any) -> dict[str, str]:
    return {
        node.get_name(): node.get("label").strip('"')
        for node in dot.get_nodes()
        if node.get_name().startswith("layer")
    }


def test_a_node_a_layer_and_an_edge_a_connection() -> None:
    dot = model_to_dot(make_model())
    labels = labels_of(dot)
    assert set(labels.values()) == {
        "input_1: InputLayer",
        "input_2: InputLayer",
        "time_distributed_1(dense_1): TimeDistributed(Dense)",
        "concatenate_1: Concatenate",
        "inner: Sequential",
    }
    edges = {(labels[edge.get_source()], labels[edge.get_destination()]) for edge in dot.get_edges()}
    wrapper = "time_distributed_1(dense_1): TimeDistributed(Dense)"
    assert edges == {
        ("input_1: InputLayer", wrapper),
        ("input_2: InputLayer", wrapper),
        (wrapper, "concatenate_1: Concatenate"),
        ("concatenate_1: Concatenate", "inner: Sequential"),
    }


def test_shapes_and_names_on_demand() -> None:
    labels = labels_of(model_to_dot(make_model(), show_shapes=True, show_layer_names=False)).values()
    assert r"InputLayer\n|{input:|output:}|{{(None, 4, 3)}|{(None, 4, 3)}}" in labels
    assert r"TimeDistributed(Dense)\n|{input:|output:}|{{(None, 4, 3)}|{(None, 4, 2)}}" in labels
    assert any("{{[(None, 4, 2), (None, 4, 2)]}|{(None, 4, 4)}}" in label for label in labels)


def test_a_layer_with_several_shapes_has_multiple() -> None:
    shared = layers.Dense(2)
    tensors = [layers.Input((3,)), layers.Input((4, 3))]
    dot = model_to_dot(models.Model(tensors, [shared(tensor) for tensor in tensors]), show_shapes=True)
    assert r"dense_1: Dense\n|{input:|output:}|{{multiple}|{multiple}}" in labels_of(dot).values()


def test_a_sequential_begins_with_its_input() -> None:
    dot = model_to_dot(models.Sequential([layers.Dense(2, input_shape=(3,)), layers.Dense(1)]), rankdir="LR")
    assert "dense_1: Dense" in labels_of(dot).values()
    assert dot.get_rankdir() == "LR"


def test_names_that_dot_would_read_as_fields(dot_path: str) -> None:
    model = models.Sequential([layers.Dense(1, input_shape=(1,), name='a|b{c}<d>"e"')])
    picture = model_to_dot(model).create(prog="dot", format="svg").decode()
    assert "a|b{c}&lt;d&gt;" in picture


@pytest.mark.parametrize(
    ("name", "start"), [("m.png", b"\x89PNG"), ("m.svg", b"<?xml"), ("m.pdf", b"%PDF"), ("m", b"\x89PNG")]
)
def test_pictures(tmp_path: Path, dot_path: str, name: str, start: bytes) -> None:
    """The manual's examples (chapter 18)."""
    plot_model(make_model(), to_file=tmp_path / name, show_shapes=True)
    assert (tmp_path / name).read_bytes().startswith(start)
    assert model_to_dot(make_model()).create(prog="dot", format="svg").startswith(b"<?xml")


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(OSError, match="apt-get install graphviz"):
        plot_model(make_model(), tmp_path / "m.png")
    monkeypatch.setattr(vis_utils, "pydot", None)
    with pytest.raises(ImportError, match="pip install pydot"):
        model_to_dot(make_model())
