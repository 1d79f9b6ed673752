"""Graphs of layers: sharing, nesting, masks, losses, updates and errors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers, regularizers
from engine.layers.base import Layer
from engine.models import Model, Sequential, clone_model, model_from_json


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


class TestGraph:
    def test_shared_layer_has_one_set_of_weights_and_two_calls(self) -> None:
        left, right = layers.Input((3,)), layers.Input((3,))
        shared = layers.Dense(2, name="shared")
        model = Model([left, right], layers.add([shared(left), shared(right)]))
        assert len(model.weights) == 2
        a, b = np.ones((4, 3)), np.full((4, 3), 2.0)
        kernel, bias = shared.get_weights()
        np.testing.assert_allclose(model.predict([a, b]), a @ kernel + b @ kernel + 2 * bias, rtol=1e-5)
        with pytest.raises(AttributeError, match="multiple inbound nodes"):
            _ = shared.output
        assert shared.get_output_at(1).shape == (None, 2)
        with pytest.raises(ValueError, match="only 2 inbound nodes"):
            shared.get_output_at(2)

    def test_nested_models_compute_and_round_trip(self) -> None:
        x = layers.Input((4,))
        inner = Sequential([layers.Dense(3, input_shape=(4,)), layers.BatchNormalization()], name="inner")
        model = Model(x, layers.Dense(1)(inner(inner_input(x))))
        again = model_from_json(model.to_json())
        again.set_weights(model.get_weights())
        data = np.random.default_rng(0).normal(size=(5, 4))
        np.testing.assert_array_equal(model.predict(data), again.predict(data))
        assert json.loads(again.to_json()) == json.loads(model.to_json())

    def test_updates_of_a_nested_normalisation_run_in_training(self) -> None:
        x = layers.Input((2,))
        inner = Sequential([layers.BatchNormalization(input_shape=(2,), momentum=0.5)])
        model = Model(x, inner(x))
        model.compile("sgd", "mse")
        model.train_on_batch(np.full((8, 2), 4.0), np.zeros((8, 2)))
        np.testing.assert_allclose(inner.layers[0].get_weights()[2], [2.0, 2.0])

    def test_calling_a_model_on_another_size_records_its_updates_once(self) -> None:
        inner = Sequential([layers.BatchNormalization(input_shape=(None, 2))])
        before = len(inner.layers[0].updates)
        inner(layers.Input((7, 2)))
        assert len(inner.layers[0].updates) == before + 2

    def test_losses_of_weights_count_once_however_often_a_layer_is_called(self) -> None:
        x = layers.Input((2,))
        shared = layers.Dense(2, kernel_regularizer=regularizers.l2(1.0), use_bias=False)
        model = Model(x, shared(shared(x)))
        model.compile("sgd", "mse")
        shared.set_weights([np.eye(2)])
        data = np.ones((3, 2))
        assert model.evaluate(data, data, verbose=0) == pytest.approx(2.0)

    def test_mask_passes_through_a_nested_model(self) -> None:
        words = layers.Input((4,))
        inner_in = layers.Input((4, 3))
        inner = Model(inner_in, layers.LSTM(2)(inner_in), name="reader")
        embedding = layers.Embedding(5, 3, mask_zero=True)
        model = Model(words, inner(embedding(words)))
        long, short = np.array([[1, 2, 0, 0]]), np.array([[1, 2, 0, 0]])
        np.testing.assert_array_equal(model.predict(long), model.predict(short))
        cut = Model(inner_in, inner(inner_in)).predict(
            K.function([words], [embedding.output])([short])[0][:, :2].repeat(2, axis=1)[:, [0, 2, 2, 2]]
        )
        assert not np.allclose(cut, model.predict(short))

    def test_disconnected_outputs_and_repeated_names_are_told(self) -> None:
        x, other = layers.Input((2,), name="x"), layers.Input((2,), name="other")
        with pytest.raises(ValueError, match=r"Graph disconnected.*other"):
            Model(x, layers.add([layers.Dense(2)(x), other]))
        with pytest.raises(ValueError, match='"twin" is used 2 times'):
            Model(x, layers.Dense(2, name="twin")(layers.Dense(2, name="twin")(x)))
        with pytest.raises(ValueError, match="must be the output of a Keras"):
            Model(x, K.placeholder((None, 2)))

    def test_deep_models_do_not_exhaust_the_stack(self) -> None:
        x = layers.Input((1,))
        y = x
        for _ in range(1500):
            y = layers.Activation("linear")(y)
        model = Model(x, y)
        assert len(model.layers) == 1501
        np.testing.assert_array_equal(model.predict(np.ones((2, 1))), np.ones((2, 1)))


def inner_input(x: Any) -> Any:
    return layers.Activation("tanh")(x)


class TestOwnLayer:
    def test_build_call_and_weights(self) -> None:
        class Scale(Layer):
            def build(self, input_shape: Any) -> None:
                self.factor = self.add_weight("factor", (input_shape[-1],), initializer="ones")
                super().build(input_shape)

            def call(self, inputs: Any) -> Any:
                return inputs * self.factor

        model = Sequential([Scale(input_shape=(3,), name="scale")])
        model.compile("sgd", "mse")
        data = np.ones((4, 3))
        losses = [model.train_on_batch(data, data * 2) for _ in range(3)]
        assert losses == sorted(losses, reverse=True)
        assert model.weights[0].name == "scale/factor:0"
        again = model_from_json(model.to_json(), custom_objects={"Scale": Scale})
        assert again.count_params() == 3

    def test_loss_over_symbolic_tensors_of_the_model(self) -> None:
        x = layers.Input((2,))
        hidden = layers.Dense(2, use_bias=False, weights=[np.eye(2)])(x)
        model = Model(x, hidden)
        model.add_loss(K.mean(K.square(hidden)))
        model.compile("sgd", "mse")
        data = np.full((4, 2), 3.0)
        assert model.evaluate(data, data, verbose=0) == pytest.approx(9.0)

    def test_unknown_argument_is_named(self) -> None:
        with pytest.raises(TypeError, match="inptu_shape"):
            layers.Dense(2, inptu_shape=(3,))


class TestSequential:
    def test_pop_and_add_again(self) -> None:
        model = Sequential([layers.Dense(3, input_shape=(2,)), layers.Dense(4)])
        model.pop()
        assert model.output_shape == (None, 3)
        model.add(layers.Dense(5))
        assert model.predict(np.zeros((2, 2))).shape == (2, 5)

    def test_first_layer_needs_a_shape(self) -> None:
        with pytest.raises(ValueError, match="first layer in a Sequential"):
            Sequential([layers.Dense(3)])
        with pytest.raises(TypeError, match="instance of class Layer"):
            Sequential().add("dense")
        with pytest.raises(TypeError, match="empty"):
            Sequential().compile("sgd", "mse")

    def test_classes(self) -> None:
        model = Sequential([layers.Activation("linear", input_shape=(3,))])
        np.testing.assert_array_equal(model.predict_classes(np.eye(3)), [0, 1, 2])
        single = Sequential([layers.Activation("linear", input_shape=(1,))])
        np.testing.assert_array_equal(single.predict_classes(np.array([[0.2], [0.7]])), [[0], [1]])

    def test_clone_has_weights_of_its_own(self) -> None:
        model = Sequential([layers.Dense(3, input_shape=(2,))])
        copy = clone_model(model)
        assert copy.get_config() == model.get_config()
        assert not np.allclose(copy.get_weights()[0], model.get_weights()[0])
