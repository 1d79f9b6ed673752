"""A convolutional network tells handwritten digits apart, in either image data format."""

import keras
import numpy as np
from keras import backend as K
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
shape = (1, 8, 8) if K.image_data_format() == "channels_first" else (8, 8, 1)
x = x.reshape(-1, *shape).astype("float32") / 16
y = keras.utils.to_categorical(y, 10)

model = Sequential()
model.add(Conv2D(16, kernel_size=(3, 3), activation="relu", padding="same", input_shape=shape))
model.add(Conv2D(32, (3, 3), activation="relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(64, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(10, activation="softmax"))
model.compile(
    loss=keras.losses.categorical_crossentropy, optimizer=keras.optimizers.Adam(), metrics=["accuracy"]
)
model.fit(x[:1400], y[:1400], batch_size=64, epochs=12, verbose=2, validation_data=(x[1400:], y[1400:]))

score = model.evaluate(x[1400:], y[1400:], verbose=0)
print("Test accuracy:", score[1])
