"""Convolutional LSTMs foretell the next frame of a film of moving squares (Shi et al., 2015)."""

import numpy as np
from keras.layers import BatchNormalization, Conv3D, ConvLSTM2D
from keras.models import Sequential
from keras.optimizers import Adam

np.random.seed(1)
FILMS, FRAMES, SIZE = 120, 6, 12


def make_films():
    films = np.zeros((FILMS, FRAMES + 1, SIZE, SIZE, 1), dtype="float32")
    for film in films:
        row, column = np.random.randint(2, SIZE - 4, size=2)
        down, right = np.random.randint(-1, 2, size=2)
        for step in range(FRAMES + 1):
            top, left = (row + down * step) % (SIZE - 2), (column + right * step) % (SIZE - 2)
            film[step, top : top + 3, left : left + 3] = 1
    return films[:, :-1], films[:, 1:]


x, y = make_films()
model = Sequential()
model.add(ConvLSTM2D(12, (3, 3), input_shape=(None, SIZE, SIZE, 1), padding="same", return_sequences=True))
model.add(BatchNormalization(momentum=0.9))
model.add(ConvLSTM2D(12, (3, 3), padding="same", return_sequences=True))
model.add(BatchNormalization(momentum=0.9))
model.add(Conv3D(1, (3, 3, 3), activation="sigmoid", padding="same"))
model.compile(loss="binary_crossentropy", optimizer=Adam(0.01))
model.fit(x[:100], y[:100], batch_size=10, epochs=14, verbose=2)

foretold = model.predict(x[100:])[:, -1] > 0.5
seen = y[100:, -1] > 0.5
print("Overlap of foretold and seen squares:", (foretold & seen).sum() / (foretold | seen).sum())
