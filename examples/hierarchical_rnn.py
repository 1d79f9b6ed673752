"""Digits read by rows: one LSTM turns each row into a vector, another the rows into a class (Li et al., 2015)."""

import keras
import numpy as np
from keras.layers import LSTM, Dense, Input, TimeDistributed
from keras.models import Model
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
x = x.reshape(-1, 8, 8, 1).astype("float32") / 16
y = keras.utils.to_categorical(y, 10)
pixels = Input(shape=(8, 8, 1))
rows = TimeDistributed(LSTM(24))(pixels)
columns = LSTM(48)(rows)
model = Model(pixels, Dense(10, activation="softmax")(columns))
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"])
model.fit(x[:1400], y[:1400], batch_size=64, epochs=10, verbose=2, validation_data=(x[1400:], y[1400:]))
print("Test accuracy:", model.evaluate(x[1400:], y[1400:], verbose=0)[1])
