"""The samples of chapter 4, on models, and what the notes print on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.manual.printed import keras, run_sample


def make_model(**layer: Any) -> Any:
    model = keras.models.Sequential([keras.layers.Dense(4, input_shape=(3,), **layer), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("name", ["s04_1_config", "n1_config"])
@pytest.mark.parametrize("kind", [keras.models.Model, keras.models.Sequential])
def test_config(kind: type, name: str) -> None:
    """The text's two lines are for the two kinds of models: each kind stands for both."""
    x = keras.layers.Input((3,))
    model = (
        make_model() if kind is keras.models.Sequential else keras.models.Model(x, keras.layers.Dense(2)(x))
    )
    ended = run_sample(name, model=model, Model=kind, Sequential=kind)
    assert type(ended.model) is kind
    assert ended.model.get_config() == model.get_config()


@pytest.mark.parametrize("name", ["s04_1_json", "s04_1_yaml"])
def test_texts_of_models(name: str) -> None:
    model = make_model()
    ended = run_sample(name, model=model)
    assert ended.model is not model
    assert ended.model.get_config() == model.get_config()


def test_compile() -> None:
    model = run_sample("s04_2_3_1_compile").model
    assert model.metrics_names == ["loss", "acc"]
    assert type(model.optimizer).__name__ == "RMSprop"


# As printed, a generator that isn't read to its end leaves the file open.
@pytest.mark.filterwarnings("ignore:unclosed file", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_generators() -> None:
    rows = np.random.random((10, 3))
    np.savetxt("my_file.txt", rows)

    def process_line(line: str) -> Any:
        first, second, target = (np.array([[float(number)]]) for number in line.split())
        return np.concatenate([first, second], axis=1), target

    model = keras.models.Sequential([keras.layers.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    run_sample("s04_2_3_8_generator", process_line=process_line, model=model)
    assert len(model.history.epoch) == 10
    assert model.history.history["loss"][-1] < model.history.history["loss"][0]


# As printed, a generator that isn't read to its end leaves the file open.
@pytest.mark.filterwarnings("ignore:unclosed file", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_generators_of_named_inputs() -> None:
    np.savetxt("my_file.txt", np.random.random((10, 3)))

    def process_line(line: str) -> Any:
        return [np.array([[float(number)]]) for number in line.split()]

    inputs = [keras.layers.Input((1,), name="input_1"), keras.layers.Input((1,), name="input_2")]
    model = keras.models.Model(inputs, keras.layers.Dense(1, name="output")(keras.layers.concatenate(inputs)))
    model.compile("sgd", "mse")
    run_sample("s04_3_3_8_generator", process_line=process_line, model=model)
    assert model.history.history["loss"][-1] < model.history.history["loss"][0]


def test_models_of_tensors() -> None:
    ended = run_sample("s04_3_1_model")
    assert [layer.name for layer in ended.model.layers] == ["input_1", "dense_1"]
    a1, a2 = keras.layers.Input((3,)), keras.layers.Input((4,))
    b1, b3 = keras.layers.Dense(2)(a1), keras.layers.Dense(5)(a2)
    for name in ("s04_3_1_lists", "n1_lists"):
        ended = run_sample(name, a1=a1, a2=a2, b1=b1, b3=b3)
        assert ended.model.output_shape == [(None, 2), (None, 5), (None, 5)]


def test_recurrent_layers_of_the_note() -> None:
    model = run_sample("n1_recurrent").model
    assert [layer.output_shape for layer in model.layers] == [(None, 10, 64), (None, 10, 32), (None, 10)]


def test_model_of_the_note() -> None:
    assert run_sample("n1_model").model.output_shape == (None, 32)


def test_fit_of_the_note() -> None:
    model = keras.models.Sequential([keras.layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    run_sample("n4_fit", model=model, x=np.ones((40, 3)), y=np.ones((40, 1)))
    assert list(model.history.history) == ["loss"]
    assert model.history.params["batch_size"] == 32


def test_fit_generator_of_the_note() -> None:
    def generator() -> Any:
        while True:
            yield np.ones((2, 3)), np.ones((2, 1))

    model = keras.models.Sequential([keras.layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="Keras 2 API"):
        run_sample("n4_fit_generator", model=model, generator=generator())
    assert len(model.history.epoch) == 1
