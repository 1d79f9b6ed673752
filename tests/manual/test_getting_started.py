"""The samples of chapters 1 and 3, sections 3.1 and 3.2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.manual.printed import keras, run_sample


def one_hot(rows: int, classes: int) -> np.ndarray:
    return np.eye(classes)[np.random.randint(classes, size=rows)]


def check_training(model: Any, epochs: int, *names: str) -> None:
    """Expect a training of so many epochs that logged finite numbers under these names."""
    history = model.history.history
    assert list(history) == list(names)
    assert all(len(values) == epochs and np.isfinite(values).all() for values in history.values())


def test_quick_start() -> None:
    ended = run_sample(
        "s01_3_quick_start",
        x_train=np.random.random((64, 100)),
        y_train=one_hot(64, 10),
        x_batch=np.random.random((8, 100)),
        y_batch=one_hot(8, 10),
        x_test=np.random.random((16, 100)),
        y_test=one_hot(16, 10),
    )
    check_training(ended.model, 5, "loss")
    assert ended.loss_and_metrics == pytest.approx(2.3, abs=0.7)
    assert ended.classes.shape == (16, 10)
    assert ended.model.optimizer.get_config()["momentum"] == pytest.approx(0.9)
    assert ended.model.optimizer.nesterov


def test_sequential() -> None:
    ended = run_sample("s03_1_1_list")
    assert [layer.output_shape for layer in ended.model.layers] == [(None, 32)] * 2 + [(None, 10)] * 2
    ended = run_sample("s03_1_1_add")
    assert [layer.name for layer in ended.model.layers] == ["dense_3", "activation_3"]
    ended = run_sample("s03_1_2_input_shape")
    assert ended.model.input_shape == (None, 784)
    assert ended.model.count_params() == 785 * 32


def test_compile() -> None:
    model = keras.models.Sequential([keras.layers.Dense(1, activation="sigmoid", input_shape=(5,))])
    ended = run_sample("s03_1_3_compile", model=model)
    assert model.metrics_names == ["loss", "acc", "mean_pred"]
    x, y = np.random.random((7, 5)), np.random.randint(2, size=(7, 1))
    assert model.test_on_batch(x, y)[2] == pytest.approx(model.predict(x).mean(), rel=1e-5)
    assert callable(ended.mean_pred)


@pytest.mark.parametrize(("name", "classes"), [("s03_1_4_two_classes", 1), ("s03_1_4_ten_classes", 10)])
def test_training(name: str, classes: int) -> None:
    ended = run_sample(name)
    check_training(ended.model, 10, "loss", "acc")
    assert ended.model.output_shape == (None, classes)


@pytest.mark.parametrize("name", ["s03_1_5_1_perceptron", "s03_1_5_2_binary_perceptron"])
def test_perceptrons(name: str) -> None:
    ended = run_sample(name)
    check_training(ended.model, 20, "loss", "acc")
    loss, accuracy = ended.score
    assert 0 < loss < 4
    assert 0 <= accuracy <= 1


def test_convolutional_network() -> None:
    ended = run_sample("s03_1_5_3_vgg")
    check_training(ended.model, 2, "loss")
    assert ended.model.output_shape == (None, 10)
    assert ended.score > 0


def test_lstm_that_classifies_sequences() -> None:
    given = {
        part: array
        for end in ("train", "test")
        for part, array in (
            (f"x_{end}", np.random.randint(20, size=(32, 6))),
            (f"y_{end}", np.random.randint(2, size=(32, 1))),
        )
    }
    ended = run_sample("s03_1_5_4_lstm", max_features=20, **given)
    check_training(ended.model, 2, "loss", "acc")
    assert len(ended.score) == 2


def test_convolutions_that_classify_sequences() -> None:
    ended = run_sample(
        "s03_1_5_5_convolution",
        seq_length=25,
        x_train=np.random.random((32, 25, 100)),
        y_train=np.random.randint(2, size=(32, 1)),
        x_test=np.random.random((16, 25, 100)),
        y_test=np.random.randint(2, size=(16, 1)),
    )
    check_training(ended.model, 2, "loss", "acc")
    assert len(ended.score) == 2


@pytest.mark.parametrize("name", ["s03_1_5_6_stacked_lstm", "s03_1_5_7_stateful_lstm"])
def test_stacked_lstms(name: str) -> None:
    ended = run_sample(name)
    check_training(ended.model, 5, "val_loss", "val_acc", "loss", "acc")
    assert ended.model.stateful == (name == "s03_1_5_7_stateful_lstm")


def test_densely_connected_network_and_calling_it() -> None:
    ended = run_sample("s03_2_2_dense", data=np.random.random((40, 784)), labels=one_hot(40, 10))
    check_training(ended.model, 1, "loss", "acc")
    called = run_sample("s03_2_3_called_model", model=ended.model)
    assert called.y._keras_shape == (None, 10)
    assert called.processed_sequences._keras_shape == (None, 20, 10)


def test_several_inputs_and_outputs() -> None:
    ended = run_sample(
        "s03_2_4_many_outputs",
        headline_data=np.random.randint(1, 10000, size=(16, 100)),
        additional_data=np.random.random((16, 5)),
        labels=np.random.randint(2, size=(16, 1)),
    )
    check_training(ended.model, 2, "loss", "main_output_loss", "aux_output_loss")
    history = ended.model.history.history
    total = np.array(history["main_output_loss"]) + 0.2 * np.array(history["aux_output_loss"])
    np.testing.assert_allclose(history["loss"], total, rtol=1e-5)


def test_shared_layer() -> None:
    ended = run_sample(
        "s03_2_5_shared_layer",
        data_a=np.random.random((20, 14, 8)),
        data_b=np.random.random((20, 14, 8)),
        labels=np.random.randint(2, size=(20, 1)),
    )
    check_training(ended.model, 2, "loss", "acc")
    assert len(ended.model.weights) == 5


def test_nodes() -> None:
    run_sample("s03_2_6_output")
    refusal = run_sample("s03_2_6_outputs").refusal
    assert refusal == (
        'Layer lstm_2 has multiple inbound nodes, hence the notion of "layer output" is ill-defined. '
        "Use `get_output_at(node_index)` instead."
    )
    conv = run_sample("s03_2_6_input_shapes").conv
    with pytest.raises(AttributeError, match="multiple inbound nodes"):
        _ = conv.input_shape


def test_blocks_of_convolutions() -> None:
    # As printed, the towers stand one below the other; Inception puts them in the channels.
    assert run_sample("s03_2_7_1_inception").output._keras_shape == (None, 768, 256, 64)
    assert run_sample("s03_2_7_2_residual").z._keras_shape == (None, 256, 256, 3)
    ended = run_sample("s03_2_7_3_shared_vision")
    assert ended.classification_model.output_shape == (None, 1)
    assert ended.classification_model.count_params() == ended.vision_model.count_params() + 2 * 9216 + 1


def test_questions_about_pictures_and_films() -> None:
    pictures = run_sample("s03_2_7_4_visual_questions")
    assert pictures.vqa_model.output_shape == (None, 1000)
    films = run_sample("s03_2_7_5_video_questions", **vars(pictures))
    assert films.encoded_frame_sequence._keras_shape == (None, 100, 25 * 25 * 256)
    assert films.video_qa_model.output_shape == (None, 1000)
    shared = {weight.name for weight in pictures.vision_model.weights}
    assert shared <= {weight.name for weight in films.video_qa_model.weights}
