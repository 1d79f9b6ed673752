"""`.keras` files: what is written, what comes back, what is refused."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine import backend as K
from engine import layers, optimizers
from engine.models import Model, Sequential, load_model
from engine.saving import archive as archive_module


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def make_model() -> Any:
    return Sequential([layers.Dense(4, activation="hard_sigmoid", input_shape=(3,)), layers.Dense(2)])


def read_config(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def rewrite(path: Path, name: str, content: bytes, compression: int = zipfile.ZIP_STORED) -> None:
    """Put other content in an entry of an archive."""
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for entry, old in entries.items():
            archive.writestr(entry, content if entry == name else old)


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam"])
def test_training_goes_on_as_if_never_saved(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    model = make_model()
    # The formulas that Keras 3 has too; the others are written with a warning.
    config = {"has_inner_epsilon": True} if name in ("RMSprop", "Adagrad") else {}
    model.compile(
        getattr(optimizers, name)(**config, **({"schedule_decay": 1.0} if name == "Nadam" else {})), "mse"
    )
    for _ in range(3):
        model.train_on_batch(x, y)
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model.predict(x), again.predict(x))
    losses = [[each.train_on_batch(x, y) for _ in range(3)] for each in (model, again)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


@pytest.mark.parametrize("name", ["RMSprop", "Adagrad", "Nadam"])
def test_formulas_that_keras_3_has_otherwise_are_told(tmp_path: Path, name: str) -> None:
    model = make_model()
    model.compile(name, "mse")
    with pytest.warns(UserWarning, match=f"Keras 3's {name} is not quite Keras 2's"):
        model.save(tmp_path / "m.keras")


def test_words_are_keras_3s(tmp_path: Path) -> None:
    x = layers.Input((5, 3), name="x")
    inner = Sequential([layers.Dense(2, input_shape=(3,), name="dense")], name="inner")
    lstm, h, c = layers.LSTM(4, return_state=True, name="lstm")(x)
    merged = layers.Concatenate(name="both")([lstm, inner(layers.GlobalMaxPooling1D(name="pool")(x))])
    other = layers.LSTM(4, name="second")(x, initial_state=[h, c])
    model = Model(x, [merged, other])
    model.compile(optimizers.SGD(0.1, decay=0.5, clipnorm=2.0), "kld", metrics=["acc"])
    model.save(tmp_path / "m.keras")
    config = read_config(tmp_path / "m.keras")
    assert config["class_name"] == "Functional"
    entries = {entry["name"]: entry for entry in config["config"]["layers"]}
    assert entries["x"]["config"]["batch_shape"] == [None, 5, 3]
    assert entries["inner"]["config"]["layers"][0]["class_name"] == "InputLayer"
    history = entries["both"]["inbound_nodes"][0]["args"][0][1]["config"]
    assert history == {"shape": [None, 2], "dtype": "float32", "keras_history": ["inner", 0, 0]}
    call = entries["second"]["inbound_nodes"][0]
    assert [len(call["args"]), len(call["kwargs"]["initial_state"])] == [1, 2]
    training = config["compile_config"]
    assert training["loss"] == "kl_divergence"
    assert training["metrics"] == {"both": ["accuracy"], "second": ["accuracy"]}
    assert training["optimizer"]["config"]["global_clipnorm"] == 2.0
    assert training["optimizer"]["config"]["learning_rate"]["class_name"] == "InverseTimeDecay"
    optimizer = load_model(tmp_path / "m.keras").optimizer.get_config()
    assert (optimizer["lr"], optimizer["decay"], optimizer["clipnorm"]) == pytest.approx((0.1, 0.5, 2.0))


def test_what_keras_3_lacks_is_refused_by_name(tmp_path: Path) -> None:
    model = Sequential([layers.LocallyConnected1D(2, 3, input_shape=(5, 2), name="local")])
    with pytest.raises(ValueError, match=r"'local' \(LocallyConnected1D\).*Keras 3 has no such layer"):
        model.save(tmp_path / "m.keras")
    assert not list(tmp_path.iterdir())


def test_uncompiled_models_are_told(tmp_path: Path) -> None:
    make_model().save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match="No training configuration"):
        load_model(tmp_path / "m.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_model(tmp_path / "m.keras", compile=False)


class TestHostileArchives:
    def test_missing_entry(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
            archive.writestr("../config.json", "{}")
        with pytest.raises(ValueError, match=r"0 entries named metadata\.json"):
            load_model(tmp_path / "m.keras")

    def test_repeated_entry(self, tmp_path: Path) -> None:
        make_model().save(tmp_path / "m.keras")
        with (
            zipfile.ZipFile(tmp_path / "m.keras", "a") as archive,
            pytest.warns(UserWarning, match="Duplicate"),
        ):
            archive.writestr("config.json", "{}")
        with pytest.raises(ValueError, match=r"2 entries named config\.json"):
            load_model(tmp_path / "m.keras")

    @pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
    def test_bomb(self, tmp_path: Path, name: str) -> None:
        make_model().save(tmp_path / "m.keras")
        rewrite(tmp_path / "m.keras", name, b" " * 3_000_000, zipfile.ZIP_DEFLATED)
        with pytest.raises(ValueError, match=r"unpacks from .* to 3,000,000 bytes"):
            load_model(tmp_path / "m.keras")

    def test_text_that_is_too_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        make_model().save(tmp_path / "m.keras")
        monkeypatch.setattr(archive_module, "_TEXT_BYTES", 100)
        with pytest.raises(ValueError, match=r"config\.json in .* at most 100 are read"):
            load_model(tmp_path / "m.keras")

    def test_links_in_the_weights(self, tmp_path: Path) -> None:
        make_model().save(tmp_path / "m.keras")
        with h5py.File(tmp_path / "w.h5", "w") as file:
            file["layers"] = h5py.ExternalLink("/etc/hostname", "/x")
        rewrite(tmp_path / "m.keras", "model.weights.h5", (tmp_path / "w.h5").read_bytes())
        with pytest.raises(ValueError, match="links are refused"):
            load_model(tmp_path / "m.keras")

    def test_code(self, tmp_path: Path) -> None:
        make_model().save(tmp_path / "m.keras")
        config = read_config(tmp_path / "m.keras")
        config["config"]["layers"][1] = {
            "module": "keras.layers",
            "class_name": "Lambda",
            "config": {"name": "l", "function": {"class_name": "__lambda__", "config": {"code": "4wAA"}}},
            "registered_name": None,
        }
        rewrite(tmp_path / "m.keras", "config.json", json.dumps(config).encode())
        with pytest.raises(ValueError, match="l: "):
            load_model(tmp_path / "m.keras")

    def test_weights_of_another_size_are_not_read(self, tmp_path: Path) -> None:
        make_model().save(tmp_path / "m.keras")
        with zipfile.ZipFile(tmp_path / "m.keras") as archive:
            (tmp_path / "w.h5").write_bytes(archive.read("model.weights.h5"))
        with h5py.File(tmp_path / "w.h5", "a") as file:
            del file["layers/dense/vars/0"]
            # Eight terabytes of zeros that take no place in the file.
            file["layers/dense/vars"].create_dataset("0", (2**41,), "f4", chunks=(2**20,))
        rewrite(tmp_path / "m.keras", "model.weights.h5", (tmp_path / "w.h5").read_bytes())
        with pytest.raises(ValueError, match="takes 8,796,093,022,208 bytes of memory but 0 in the file"):
            load_model(tmp_path / "m.keras")


def test_attention_gets_its_inputs_by_name(tmp_path: Path) -> None:
    query, value = layers.Input((4, 3)), layers.Input((5, 3))
    mask = layers.Input((4, 5))
    attention = layers.MultiHeadAttention(num_heads=2, key_dim=3, name="attention")
    model = Model([query, value, mask], attention(query, value, attention_mask=mask))
    model.save(tmp_path / "m.keras")
    entry = read_config(tmp_path / "m.keras")["config"]["layers"][-1]
    (call,) = entry["inbound_nodes"]
    assert (len(call["args"]), sorted(call["kwargs"])) == (2, ["attention_mask"])
    again = load_model(tmp_path / "m.keras", compile=False)
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 5, 3)), rng.integers(0, 2, (2, 4, 5))]
    np.testing.assert_array_equal(again.predict(inputs), model.predict(inputs))
