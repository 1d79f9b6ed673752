"""Weights and whole models in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine import backend as K
from engine import layers
from engine.models import Sequential, load_model
from engine.saving import hdf5


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def make_model(units: int = 3) -> Any:
    return Sequential(
        [
            layers.Dense(4, input_shape=(2,), name="first"),
            layers.Dropout(0.5),
            layers.Dense(units, name="second"),
        ]
    )


def test_layout_is_keras_2s(tmp_path: Path) -> None:
    make_model().save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as file:
        assert [name.decode() for name in file.attrs["layer_names"]] == ["first", "dropout_1", "second"]
        assert file.attrs["layer_names"].dtype.kind == "S"
        assert [name.decode() for name in file["first"].attrs["weight_names"]] == [
            "first/kernel:0",
            "first/bias:0",
        ]
        assert file["dropout_1"].attrs["weight_names"].dtype == np.float64
        assert file["first/first/kernel:0"].shape == (2, 4)
        assert file.attrs["keras_version"] == "2.1.6"
        kind = h5py.h5a.open(file.id, b"keras_version").get_type()
        assert kind.is_variable_str()
        assert kind.get_cset() == h5py.h5t.CSET_ASCII


def test_weights_round_trip(tmp_path: Path) -> None:
    saved, loaded = make_model(), make_model()
    saved.save_weights(tmp_path / "w.h5")
    loaded.load_weights(tmp_path / "w.h5")
    for a, b in zip(saved.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_by_name_takes_only_layers_of_the_same_name(tmp_path: Path) -> None:
    make_model().save_weights(tmp_path / "w.h5")
    other = Sequential([layers.Dense(4, input_shape=(2,), name="first"), layers.Dense(3, name="new")])
    before = other.get_layer("new").get_weights()[0]
    other.load_weights(tmp_path / "w.h5", by_name=True)
    with h5py.File(tmp_path / "w.h5") as file:
        np.testing.assert_array_equal(other.get_weights()[0], file["first/first/kernel:0"])
    np.testing.assert_array_equal(other.get_layer("new").get_weights()[0], before)


def test_mismatch_changes_nothing_and_says_what(tmp_path: Path) -> None:
    make_model(3).save_weights(tmp_path / "w.h5")
    other = make_model(5)
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"second/kernel:0.*\(4, 5\).*\(4, 3\)"):
        other.load_weights(tmp_path / "w.h5")
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    other.load_weights(tmp_path / "w.h5", by_name=True, skip_mismatch=True)


def test_long_lists_of_names_are_cut_into_pieces(tmp_path: Path) -> None:
    names = [f"layer_{'x' * 90}_{number:05d}" for number in range(2000)]
    with h5py.File(tmp_path / "n.h5", "w") as file:
        hdf5.write_names(file, "layer_names", names)
        assert "layer_names0" in file.attrs
        assert "layer_names" not in file.attrs
        assert hdf5.read_names(file, "layer_names") == names


def test_whole_model_trains_on_exactly_as_if_never_saved(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(16, 2)), rng.normal(size=(16, 3))
    model = Sequential([layers.Dense(4, activation="tanh", input_shape=(2,)), layers.Dense(3)])
    model.compile("adam", "mse", metrics=["mae"])
    for _ in range(3):
        model.train_on_batch(x, y)
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert again.metrics_names == ["loss", "mean_absolute_error"]
    for _ in range(3):
        assert again.train_on_batch(x, y) == model.train_on_batch(x, y)


def test_interrupted_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model()
    model.save(tmp_path / "m.h5")
    before = (tmp_path / "m.h5").read_bytes()

    def fail(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(hdf5, "write_weights", fail)
    with pytest.raises(OSError, match="No space"):
        model.save(tmp_path / "m.h5")
    assert (tmp_path / "m.h5").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.h5"]


@pytest.mark.parametrize("kind", ["soft", "external", "storage", "virtual"])
def test_files_that_reach_elsewhere_are_refused(tmp_path: Path, kind: str) -> None:
    model = make_model()
    model.save_weights(tmp_path / "w.h5")
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\0" * 64)
    with h5py.File(tmp_path / "w.h5", "a") as file:
        del file["first/first/kernel:0"]
        if kind == "soft":
            file["first/first/kernel:0"] = h5py.SoftLink("/second/second/kernel:0")
        elif kind == "external":
            file["first/first/kernel:0"] = h5py.ExternalLink(str(secret), "/x")
        elif kind == "storage":
            file.create_dataset("first/first/kernel:0", (2, 4), "f4", external=[(str(secret), 0, 32)])
        else:
            layout = h5py.VirtualLayout((2, 4), "f4")
            layout[:] = h5py.VirtualSource(str(secret), "x", (2, 4))
            file.create_virtual_dataset("first/first/kernel:0", layout)
    with pytest.raises(ValueError, match="kernel:0"):
        model.load_weights(tmp_path / "w.h5")


def test_what_is_no_model_file_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_text("hello")
    with pytest.raises(ValueError, match="not an HDF5 file"):
        load_model(tmp_path / "a.h5")
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "missing.h5")
    make_model().save_weights(tmp_path / "w.h5")
    with pytest.raises(ValueError, match="No model found"):
        load_model(tmp_path / "w.h5")
