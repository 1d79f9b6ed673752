"""Requests that cannot be trained are refused in words, with the place, and leave nothing behind."""

import copy
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from client import Client, Job, KerasdError

BOMB_BYTES = 40 * 1024**2  # unpacked; more than the service allows


@pytest.fixture(autouse=True)
def _nothing_is_left(service: Any, client: Client, digits_id: str) -> Iterator[None]:
    def list_everything() -> tuple[list[str], ...]:
        lists = (client.models.iterate(), client.datasets.iterate(), client.jobs.iterate())
        rows = tuple([item.id for item in items] for items in lists)
        objects = service.home / "objects" / "sha256"
        return *rows, sorted(path.name for path in objects.rglob("*") if path.is_file())

    before = list_everything()
    yield
    assert list_everything() == before


def refuse(call: Callable[..., Any], *arguments: Any, **options: Any) -> KerasdError:
    """Make a call that the service must refuse as the caller's fault, and return its problem."""
    with pytest.raises(KerasdError) as caught:
        call(*arguments, **options)
    error = caught.value
    assert error.status in range(400, 500)
    assert error.type != "about:blank"
    return error


def change_layer(model: dict[str, Any], place: int, **fields: Any) -> dict[str, Any]:
    changed = copy.deepcopy(model)
    changed["config"][place] |= fields
    return changed


@pytest.mark.parametrize("class_name", ["Conv2E", "Lambda"])
def test_layer_that_is_unknown_or_code(
    client: Client, submit: Callable[..., Job], sample_model: dict[str, Any], class_name: str
) -> None:
    model = change_layer(sample_model, 1, class_name=class_name)
    sent = refuse(client.models.create, model)
    assert sent.pointer is not None
    assert sent.pointer.startswith("/config/1")
    assert class_name in sent.detail
    asked = refuse(submit, model=model)
    assert asked.pointer == f"/model{sent.pointer}"


def test_data_that_does_not_fit_the_model(submit: Callable[..., Job], sample_model: dict[str, Any]) -> None:
    model = copy.deepcopy(sample_model)
    model["config"][0]["config"]["batch_input_shape"] = [None, 8, 8, 3]
    error = refuse(submit, model=model)
    assert error.pointer == "/data/x"
    assert "(8, 8, 1)" in error.detail
    assert "(8, 8, 3)" in error.detail


def test_column_optimizer_and_epochs_each_with_its_place(submit: Callable[..., Job]) -> None:
    error = refuse(
        submit,
        data={"x": "pixels", "y": "y_train"},
        compile={"optimizer": "adamant", "loss": "sparse_categorical_crossentropy"},
    )
    assert {fault["pointer"] for fault in error.errors} == {"/data/x", "/compile/optimizer"}
    assert refuse(submit, fit={"epochs": -1}).pointer == "/fit/epochs"


def test_pickled_array(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "pickled.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "object" in refuse(client.datasets.upload, path).detail


def test_file_that_unpacks_to_too_much(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    array = io.BytesIO()
    np.save(array, np.zeros(BOMB_BYTES, dtype=np.uint8))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", array.getvalue())
    assert path.stat().st_size < BOMB_BYTES // 100
    detail = refuse(client.datasets.upload, path).detail
    assert "the limit is 33,554,432 bytes" in detail


@pytest.mark.parametrize(
    ("bad_row", "said"),
    [
        ("1.5,wide", "row 21, column 'width' holds 'wide'"),
        ("1.5,", "row 21, column 'width' is empty"),
        ("1.5", "row 21 of the CSV file has 1 cells where the first has 2"),
    ],
)
def test_bad_cell_is_named_by_row_and_column(client: Client, tmp_path: Path, bad_row: str, said: str) -> None:
    path = tmp_path / "flowers.csv"
    path.write_text("\n".join(["size,width", *["1.5,2"] * 20, bad_row, "1.5,2"]))
    assert said in refuse(client.datasets.upload, path).detail
