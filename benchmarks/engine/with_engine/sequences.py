"""Models of sequences; options are named where other libraries have other defaults."""

from __future__ import annotations

from engine.layers import (
    GRU,
    LSTM,
    Bidirectional,
    Conv1D,
    Conv2D,
    ConvLSTM2D,
    Dense,
    Embedding,
    GlobalMaxPooling1D,
)
from engine.models import Model, Sequential


def _compile(layers: list, loss: str = "binary_crossentropy") -> Model:
    model = Sequential(layers)
    model.compile("adam", loss)
    return model


def lstm_sigmoid() -> Model:
    """The text classifier of Keras's IMDB example, with sigmoid gates."""
    return _lstm("sigmoid")


def lstm_hard_sigmoid() -> Model:
    """The same with Keras's default."""
    return _lstm("hard_sigmoid")


def _lstm(recurrent_activation: str) -> Model:
    lstm = LSTM(128, recurrent_activation=recurrent_activation)
    return _compile([Embedding(20_000, 128, input_length=80), lstm, Dense(1, activation="sigmoid")])


def stacked_lstm() -> Model:
    """The manual's stacked LSTM."""
    return _compile(
        [
            LSTM(32, recurrent_activation="hard_sigmoid", return_sequences=True, input_shape=(8, 16)),
            LSTM(32, recurrent_activation="hard_sigmoid", return_sequences=True),
            LSTM(32, recurrent_activation="hard_sigmoid"),
            Dense(10, activation="softmax"),
        ],
        "sparse_categorical_crossentropy",
    )


def masked_gru() -> Model:
    """Padded texts through gated recurrent units."""
    embedding = Embedding(5_000, 64, mask_zero=True, input_length=40)
    gru = GRU(64, recurrent_activation="hard_sigmoid", reset_after=False)
    return _compile([embedding, gru, Dense(1, activation="sigmoid")])


def bidirectional() -> Model:
    """Texts read both ways, with sigmoid gates."""
    lstm = Bidirectional(LSTM(64, recurrent_activation="sigmoid"))
    return _compile([Embedding(5_000, 64, input_length=40), lstm, Dense(1, activation="sigmoid")])


def conv_lstm() -> Model:
    """The next picture of a film."""
    return _compile(
        [
            ConvLSTM2D(16, 3, padding="same", input_shape=(8, 16, 16, 1)),
            Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )


def conv1d() -> Model:
    """The convolutional text classifier of Keras's IMDB example."""
    return _compile(
        [
            Embedding(5_000, 50, input_length=128),
            Conv1D(250, 3, activation="relu"),
            GlobalMaxPooling1D(),
            Dense(250, activation="relu"),
            Dense(1, activation="sigmoid"),
        ]
    )
