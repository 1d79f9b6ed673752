"""A stateful LSTM carries what it saw from batch to batch: the answer lies further back than one batch reaches."""

import numpy as np
from keras.layers import LSTM, Dense
from keras.models import Sequential
from keras.optimizers import Adam

np.random.seed(1)
SERIES, LENGTH, STEPS = 16, 12, 2

x = np.zeros((SERIES * 8, LENGTH, 1), dtype="float32")
x[::2, 0] = 1
y = np.repeat(x[:, :1], LENGTH, axis=1)


def make_model(stateful):
    model = Sequential()
    model.add(LSTM(12, batch_input_shape=(SERIES, STEPS, 1), stateful=stateful, return_sequences=True))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=Adam(0.02), metrics=["accuracy"])
    return model


def run(model, step, first):
    """Go through series from their start to their end, a few steps a batch."""
    results = []
    model.reset_states()
    for start in range(0, LENGTH, STEPS):
        window = slice(start, start + STEPS)
        results.append(step(x[first : first + SERIES, window], y[first : first + SERIES, window]))
    return results


for stateful in (False, True):
    model = make_model(stateful)
    for epoch in range(12):
        losses = [run(model, model.train_on_batch, first) for first in range(0, len(x) - SERIES, SERIES)]
        print(
            f"stateful={stateful} epoch {epoch + 1}: loss {np.mean([row[0] for rows in losses for row in rows]):.4f}"
        )
    tested = run(model, model.test_on_batch, len(x) - SERIES)
    print(f"Accuracy at the end of a series, stateful={stateful}:", tested[-1][1])
