"""A multi-layer perceptron tells handwritten digits apart."""

import keras
import numpy as np
from keras.layers import Dense, Dropout
from keras.models import Sequential
from keras.optimizers import RMSprop
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
x = x.astype("float32") / 16
y = keras.utils.to_categorical(y, 10)

model = Sequential()
model.add(Dense(128, activation="relu", input_shape=(64,)))
model.add(Dropout(0.2))
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(10, activation="softmax"))
model.summary()
model.compile(loss="categorical_crossentropy", optimizer=RMSprop(), metrics=["accuracy"])
model.fit(x[:1400], y[:1400], batch_size=64, epochs=15, verbose=2, validation_split=0.1)

score = model.evaluate(x[1400:], y[1400:], verbose=0)
print("Test accuracy:", score[1])
