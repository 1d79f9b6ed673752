"""What a child does before it is needed, so that the first model is built as fast as the second."""

import numpy as np

from engine import backend as K
from engine.layers import Dense
from engine.models import Sequential


def warm_up() -> None:
    """Train a tiny model: torch imports much of itself at its first use."""
    with K.isolated_state():
        model = Sequential([Dense(2, input_shape=(2,), activation="relu"), Dense(1)])
        model.compile(optimizer="sgd", loss="mse")
        model.fit(np.zeros((2, 2)), np.zeros((2, 1)), epochs=1, verbose=0)
        model.predict(np.zeros((2, 2)))
