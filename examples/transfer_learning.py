"""What was learned on the digits 0 to 4 serves for 5 to 9: the head is popped, the rest frozen."""

import keras
import numpy as np
from keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
x = x.reshape(-1, 8, 8, 1).astype("float32") / 16
low, high = y < 5, y >= 5

model = Sequential(
    [
        Conv2D(16, 3, activation="relu", padding="same", input_shape=(8, 8, 1)),
        Conv2D(16, 3, activation="relu"),
        MaxPooling2D(2),
        Flatten(),
        Dense(64, activation="relu", name="features"),
        Dropout(0.3),
        Dense(5),
        Activation("softmax"),
    ]
)


def train(inputs, classes, epochs):
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    targets = keras.utils.to_categorical(classes, 5)
    split = len(inputs) * 3 // 4
    model.fit(inputs[:split], targets[:split], batch_size=32, epochs=epochs, verbose=2)
    return model.evaluate(inputs[split:], targets[split:], verbose=0)[1]


first = train(x[low], y[low], 8)
kept = model.get_layer("features").get_weights()
model.pop()
model.pop()
for layer in model.layers:
    layer.trainable = False
model.add(Dense(5, activation="softmax", name="new_head"))
second = train(x[high], y[high] - 5, 40)
unchanged = all(np.array_equal(a, b) for a, b in zip(kept, model.get_layer("features").get_weights()))
print("Frozen weights unchanged:", unchanged)
print("Trainable weights:", [weight.name for weight in model.trainable_weights])
print("Accuracy on 0-4 and 5-9:", first, second)
