"""Models of dense layers and embeddings."""

from __future__ import annotations

from engine.layers import Concatenate, Dense, Embedding, GlobalAveragePooling1D, Input
from engine.models import Model, Sequential
from engine.optimizers import SGD


def small_mlp() -> Model:
    """Overhead-bound: 20-64-64-10."""
    return _classifier(20, 64)


def mlp() -> Model:
    """784-512-512-10."""
    return _classifier(784, 512)


def _classifier(size: int, units: int) -> Model:
    model = Sequential(
        [
            Dense(units, activation="relu", input_shape=(size,)),
            Dense(units, activation="relu"),
            Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def two_in_two_out() -> Model:
    """Words and figures in; a main and an auxiliary answer out."""
    words, figures = Input((30,)), Input((5,))
    text = GlobalAveragePooling1D()(Embedding(5_000, 32)(words))
    auxiliary = Dense(10, activation="softmax", name="auxiliary")(text)
    hidden = Dense(64, activation="relu")(Concatenate()([text, figures]))
    hidden = Dense(64, activation="relu")(hidden)
    main = Dense(1, activation="sigmoid", name="main")(hidden)
    model = Model([words, figures], [main, auxiliary])
    losses = ["binary_crossentropy", "sparse_categorical_crossentropy"]
    model.compile("adam", losses, loss_weights=[1.0, 0.2])
    return model


def big_embedding() -> Model:
    """A table of which a step touches few rows."""
    model = Sequential(
        [
            Embedding(200_000, 128, input_length=20),
            GlobalAveragePooling1D(),
            Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(SGD(0.01), "binary_crossentropy")
    return model
