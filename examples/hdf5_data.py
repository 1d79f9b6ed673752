"""Data that does not fit into memory is read from an HDF5 file, batch by batch, in order."""

import h5py
import numpy as np
from keras.layers import Dense
from keras.models import Sequential
from keras.utils import to_categorical
from keras.utils.io_utils import HDF5Matrix
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
with h5py.File("digits_data.h5", "w") as file:
    file["pixels"] = x.astype("uint8")
    file["classes"] = to_categorical(y, 10)


def scale(pixels):
    return pixels.astype("float32") / 16


train_x = HDF5Matrix("digits_data.h5", "pixels", 0, 1400, normalizer=scale)
train_y = HDF5Matrix("digits_data.h5", "classes", 0, 1400)
test_x = HDF5Matrix("digits_data.h5", "pixels", 1400, None, normalizer=scale)
test_y = HDF5Matrix("digits_data.h5", "classes", 1400, None)
print("Shapes:", train_x.shape, test_x.shape)

model = Sequential([Dense(64, activation="relu", input_dim=64), Dense(10, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
# An HDF5 file is read fastest in order: 'batch' shuffles whole batches.
model.fit(train_x, train_y, batch_size=32, epochs=12, shuffle="batch", verbose=2)
print("Test accuracy:", model.evaluate(test_x, test_y, verbose=0)[1])
