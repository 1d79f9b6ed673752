"""Training that is stopped, saved whole, loaded and gone on with ends where one run would have ended."""

from pathlib import Path

import numpy as np
from keras.callbacks import CSVLogger, EarlyStopping, ModelCheckpoint, TerminateOnNaN
from keras.layers import Dense
from keras.models import Sequential, load_model
from keras.utils import to_categorical
from sklearn.datasets import load_digits

x, y = load_digits(return_X_y=True)
x, y = x.astype("float32") / 16, to_categorical(y, 10)


def make_model():
    np.random.seed(1)
    model = Sequential([Dense(48, activation="relu", input_dim=64), Dense(10, activation="softmax")])
    model.compile("adam", "categorical_crossentropy", metrics=["acc"])
    return model


def train(model, initial_epoch, epochs, append):
    return model.fit(
        x,
        y,
        batch_size=64,
        initial_epoch=initial_epoch,
        epochs=epochs,
        shuffle=False,
        validation_split=0.2,
        verbose=2,
        callbacks=[
            ModelCheckpoint("epoch-{epoch:02d}.h5", monitor="val_acc"),
            CSVLogger("log.csv", append=append),
            EarlyStopping(patience=5),
            TerminateOnNaN(),
        ],
    )


whole = make_model()
train(whole, 0, 8, append=False)
train(make_model(), 0, 4, append=False)
continued = load_model("epoch-04.h5")
train(continued, 4, 8, append=True)

difference = max(np.abs(a - b).max() for a, b in zip(whole.get_weights(), continued.get_weights()))
print("Epochs in the log:", [int(row.split(",")[0]) for row in Path("log.csv").read_text().splitlines()[1:]])
print("Largest difference of a weight:", difference)
