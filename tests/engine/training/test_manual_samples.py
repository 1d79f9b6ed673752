"""The samples of the manual's chapters 3 and 4 on training, at small sizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import engine as keras
from engine import backend as K
from engine.callbacks import EarlyStopping
from engine.layers import (
    LSTM,
    Activation,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    Input,
    MaxPooling1D,
    MaxPooling2D,
    TimeDistributed,
)
from engine.models import Model, Sequential
from engine.optimizers import SGD


@pytest.fixture(autouse=True)
def fresh_session() -> Iterator[None]:
    with K.isolated_state():
        yield


def one_hot(rows: int, classes: int = 10) -> np.ndarray:
    return np.eye(classes)[np.random.randint(classes, size=rows)]


class TestSequentialGuide:
    """Section 3.1."""

    def test_compile(self) -> None:
        model = Sequential(
            [Dense(32, input_shape=(784,)), Activation("relu"), Dense(10), Activation("softmax")]
        )
        model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
        model.compile(optimizer="rmsprop", loss="mse")

        def mean_pred(y_true, y_pred):
            return K.mean(y_pred)

        model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy", mean_pred])
        assert model.metrics_names == ["loss", "acc", "mean_pred"]
        values = model.test_on_batch(np.zeros((2, 784)), np.zeros((2, 10)))
        assert values[2] == pytest.approx(0.1, rel=1e-5)

    @pytest.mark.parametrize(
        ("units", "activation", "loss"),
        [(1, "sigmoid", "binary_crossentropy"), (10, "softmax", "categorical_crossentropy")],
    )
    def test_fit(self, units: int, activation: str, loss: str) -> None:
        model = Sequential()
        model.add(Dense(32, activation="relu", input_dim=100))
        model.add(Dense(units, activation=activation))
        model.compile(optimizer="rmsprop", loss=loss, metrics=["accuracy"])
        data = np.random.random((100, 100))
        labels = np.random.randint(2, size=(100, 1)) if units == 1 else one_hot(100)
        history = model.fit(data, labels, epochs=10, batch_size=32, verbose=0).history
        assert history["loss"][-1] < history["loss"][0]

    def test_multilayer_perceptron(self) -> None:
        x, y = np.random.random((200, 20)), one_hot(200)
        model = Sequential()
        model.add(Dense(64, activation="relu", input_dim=20))
        model.add(Dropout(0.5))
        model.add(Dense(64, activation="relu"))
        model.add(Dropout(0.5))
        model.add(Dense(10, activation="softmax"))
        sgd = SGD(lr=0.01, decay=1e-6, momentum=0.9, nesterov=True)
        model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"])
        model.fit(x, y, epochs=2, batch_size=128, verbose=0)
        loss, accuracy = model.evaluate(x, y, batch_size=128, verbose=0)
        assert 2.0 < loss < 2.6
        assert 0.0 <= accuracy <= 1.0

    def test_convolutional_network(self) -> None:
        x, y = np.random.random((8, 20, 20, 3)), one_hot(8)
        model = Sequential()
        model.add(Conv2D(4, (3, 3), activation="relu", input_shape=(20, 20, 3)))
        model.add(Conv2D(4, (3, 3), activation="relu"))
        model.add(MaxPooling2D(pool_size=(2, 2)))
        model.add(Dropout(0.25))
        model.add(Conv2D(8, (3, 3), activation="relu"))
        model.add(Conv2D(8, (3, 3), activation="relu"))
        model.add(MaxPooling2D(pool_size=(2, 2)))
        model.add(Flatten())
        model.add(Dense(16, activation="relu"))
        model.add(Dense(10, activation="softmax"))
        model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=0.01, nesterov=True, momentum=0.9))
        model.fit(x, y, batch_size=4, epochs=1, verbose=0)
        assert np.isfinite(model.evaluate(x, y, batch_size=4, verbose=0))

    def test_sequence_classification(self) -> None:
        model = Sequential()
        model.add(Embedding(50, output_dim=16))
        model.add(LSTM(8))
        model.add(Dropout(0.5))
        model.add(Dense(1, activation="sigmoid"))
        model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
        x, y = np.random.randint(50, size=(32, 7)), np.random.randint(2, size=(32, 1))
        model.fit(x, y, batch_size=16, epochs=1, verbose=0)
        assert len(model.evaluate(x, y, batch_size=16, verbose=0)) == 2

    def test_sequence_classification_by_convolutions(self) -> None:
        model = Sequential()
        model.add(Conv1D(8, 3, activation="relu", input_shape=(30, 10)))
        model.add(MaxPooling1D(3))
        model.add(Conv1D(8, 3, activation="relu"))
        model.add(GlobalAveragePooling1D())
        model.add(Dense(1, activation="sigmoid"))
        model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
        x, y = np.random.random((32, 30, 10)), np.random.randint(2, size=(32, 1))
        model.fit(x, y, batch_size=16, epochs=1, verbose=0)
        assert model.evaluate(x, y, batch_size=16, verbose=0)[0] < 1.0

    @pytest.mark.parametrize("stateful", [False, True])
    def test_stacked_lstm(self, stateful: bool) -> None:
        batch_size, timesteps, data_dim, num_classes = 8, 4, 6, 10
        first = (
            {"batch_input_shape": (batch_size, timesteps, data_dim)}
            if stateful
            else {"input_shape": (timesteps, data_dim)}
        )
        model = Sequential()
        model.add(LSTM(8, return_sequences=True, stateful=stateful, **first))
        model.add(LSTM(8, return_sequences=True, stateful=stateful))
        model.add(LSTM(8, stateful=stateful))
        model.add(Dense(10, activation="softmax"))
        model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
        x_train, y_train = (
            np.random.random((batch_size * 4, timesteps, data_dim)),
            one_hot(batch_size * 4, num_classes),
        )
        x_val, y_val = np.random.random((batch_size * 2, timesteps, data_dim)), one_hot(batch_size * 2)
        history = model.fit(
            x_train,
            y_train,
            batch_size=batch_size,
            epochs=2,
            shuffle=False,
            validation_data=(x_val, y_val),
            verbose=0,
        )
        assert sorted(history.history) == ["acc", "loss", "val_acc", "val_loss"]


class TestFunctionalGuide:
    """Section 3.2."""

    def test_dense_network_and_its_use_on_sequences(self) -> None:
        inputs = Input(shape=(12,))
        x = Dense(8, activation="relu")(inputs)
        x = Dense(8, activation="relu")(x)
        predictions = Dense(10, activation="softmax")(x)
        model = Model(inputs=inputs, outputs=predictions)
        model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
        data = np.random.random((16, 12))
        model.fit(data, one_hot(16), verbose=0)
        assert K.int_shape(model(Input(shape=(12,)))) == (None, 10)
        input_sequences = Input(shape=(5, 12))
        video = Model(input_sequences, TimeDistributed(model)(input_sequences))
        sequences = np.random.random((3, 5, 12))
        np.testing.assert_allclose(
            video.predict(sequences)[1], model.predict(sequences[1]), rtol=1e-5, atol=1e-7
        )

    def test_several_inputs_and_outputs(self) -> None:
        main_input = Input(shape=(10,), dtype="int32", name="main_input")
        x = Embedding(output_dim=8, input_dim=100, input_length=10)(main_input)
        lstm_out = LSTM(4)(x)
        auxiliary_output = Dense(1, activation="sigmoid", name="aux_output")(lstm_out)
        auxiliary_input = Input(shape=(5,), name="aux_input")
        x = keras.layers.concatenate([lstm_out, auxiliary_input])
        x = Dense(8, activation="relu")(x)
        main_output = Dense(1, activation="sigmoid", name="main_output")(x)
        model = Model(inputs=[main_input, auxiliary_input], outputs=[main_output, auxiliary_output])
        headline_data, additional_data = np.random.randint(1, 100, size=(16, 10)), np.random.random((16, 5))
        labels = np.random.randint(2, size=(16, 1))

        model.compile(optimizer="rmsprop", loss="binary_crossentropy", loss_weights=[1.0, 0.2])
        total, main, auxiliary = model.test_on_batch([headline_data, additional_data], [labels, labels])
        assert total == pytest.approx(main + 0.2 * auxiliary, rel=1e-5)
        model.fit([headline_data, additional_data], [labels, labels], epochs=2, batch_size=8, verbose=0)

        model.compile(
            optimizer="rmsprop",
            loss={"main_output": "binary_crossentropy", "aux_output": "binary_crossentropy"},
            loss_weights={"main_output": 1.0, "aux_output": 0.2},
        )
        history = model.fit(
            {"main_input": headline_data, "aux_input": additional_data},
            {"main_output": labels, "aux_output": labels},
            epochs=2,
            batch_size=8,
            verbose=0,
        )
        assert list(history.history) == ["loss", "main_output_loss", "aux_output_loss"]

    def test_shared_layers(self) -> None:
        tweet_a, tweet_b = Input(shape=(6, 8)), Input(shape=(6, 8))
        shared_lstm = LSTM(4)
        encoded_a, encoded_b = shared_lstm(tweet_a), shared_lstm(tweet_b)
        merged_vector = keras.layers.concatenate([encoded_a, encoded_b], axis=-1)
        predictions = Dense(1, activation="sigmoid")(merged_vector)
        model = Model(inputs=[tweet_a, tweet_b], outputs=predictions)
        model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
        a, b = np.random.random((2, 16, 6, 8))
        history = model.fit([a, b], np.random.randint(2, size=16), epochs=2, verbose=0)
        assert len(history.history["acc"]) == 2
        assert len(model.get_weights()) == 5
        with pytest.raises(AttributeError, match="multiple inbound nodes"):
            _ = shared_lstm.output
        assert shared_lstm.get_output_at(0) is encoded_a
        assert shared_lstm.get_output_at(1) is encoded_b


class TestQuestions:
    """Section 3.3."""

    def make_model(self) -> Any:
        model = Sequential([Dense(4, input_shape=(3,)), Dropout(0.5), Dense(1)])
        model.compile("sgd", "mse")
        return model

    def test_outputs_of_inner_layers_in_both_phases(self) -> None:
        model = self.make_model()
        x = np.random.random((50, 3))
        inner = Model(inputs=model.input, outputs=model.layers[0].output)
        get_output = K.function([model.layers[0].input, K.learning_phase()], [model.layers[1].output])
        np.testing.assert_allclose(get_output([x, 0])[0], inner.predict(x), rtol=1e-6)
        assert (get_output([x, 1])[0] == 0).any()

    def test_batch_by_batch(self) -> None:
        model = self.make_model()
        x, y = np.random.random((8, 3)), np.random.random((8, 1))
        before = model.test_on_batch(x, y)
        for _ in range(50):
            model.train_on_batch(x, y)
        assert model.test_on_batch(x, y) < before

    def test_stopping_when_validation_gets_no_better(self) -> None:
        model = self.make_model()
        x = np.random.random((20, 3))
        early_stopping = EarlyStopping(monitor="val_loss", patience=2)
        K.set_value(model.optimizer.lr, 0.0)
        hist = model.fit(x, x[:, :1], validation_split=0.2, callbacks=[early_stopping], epochs=9, verbose=0)
        assert len(hist.history["val_loss"]) == 3

    def test_states_of_recurrent_layers(self) -> None:
        x = np.random.random((4, 21, 5))
        model = Sequential()
        model.add(LSTM(8, input_shape=(10, 5), batch_size=4, stateful=True))
        model.add(Dense(5, activation="softmax"))
        model.compile(optimizer="rmsprop", loss="categorical_crossentropy")
        model.train_on_batch(x[:, :10, :], np.reshape(x[:, 10, :], (4, 5)))
        model.train_on_batch(x[:, 10:20, :], np.reshape(x[:, 20, :], (4, 5)))
        states = K.batch_get_value(model.layers[0].states)
        assert all(np.abs(state).min() > 0 for state in states)
        model.reset_states()
        assert all(np.abs(state).max() == 0 for state in K.batch_get_value(model.layers[0].states))
        model.layers[0].reset_states()

    def test_a_file_as_input(self, tmp_path: Path) -> None:
        x = np.random.random((40, 3)).astype("float32")
        with h5py.File(tmp_path / "file.hdf5", "w") as f:
            f["x_data"] = x
        model = self.make_model()
        with h5py.File(tmp_path / "file.hdf5", "r") as f:
            np.testing.assert_array_equal(model.predict(f["x_data"]), model.predict(x))


class TestModelMethods:
    """Chapter 4: a generator that reads lines of a file."""

    @pytest.mark.parametrize("names", [False, True])
    def test_fit_generator(self, tmp_path: Path, names: bool) -> None:
        rows = np.random.random((40, 3))
        path = tmp_path / "my_file.txt"
        path.write_text("\n".join(" ".join(map(str, row)) for row in rows))

        def generate_arrays_from_file(path):
            while 1:
                with open(path) as f:
                    for line in f:
                        x1, x2, y = (np.array([[float(word)]]) for word in line.split())
                        yield ({"input_1": x1, "input_2": x2}, {"output": y}) if names else ([x1, x2], y)

        inputs = [Input((1,), name="input_1"), Input((1,), name="input_2")]
        model = Model(inputs, Dense(1, name="output")(keras.layers.concatenate(inputs)))
        model.compile("sgd", "mse")
        history = model.fit_generator(
            generate_arrays_from_file(path), steps_per_epoch=40, epochs=5, verbose=0
        ).history
        assert history["loss"][-1] < history["loss"][0]
        assert model.evaluate_generator(generate_arrays_from_file(path), 40) == pytest.approx(
            model.evaluate([rows[:, 0], rows[:, 1]], rows[:, 2], verbose=0), rel=1e-5
        )
