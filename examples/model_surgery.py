"""Layers of a trained model are found by name, shared, cut out and put into new models."""

import numpy as np
from keras.layers import Dense, Input, Lambda
from keras.models import Model, Sequential
from keras.utils import to_categorical
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
x = x.astype("float32") / 16
model = Sequential(
    [
        Dense(48, activation="relu", input_dim=64, name="lower"),
        Dense(24, activation="relu", name="upper"),
        Dense(10, activation="softmax", name="head"),
    ]
)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(x, to_categorical(y, 10), epochs=10, verbose=0)

# What lies between: a model to an inner layer's output.
features = Model(model.input, model.get_layer("upper").output)
print("Features:", features.predict(x[:2]).shape)

# The same layers on another input: half-size pictures are doubled first.
small = Input((32,))
doubled = Lambda(lambda tensor: tensor.repeat_interleave(2, dim=1), output_shape=(64,))(small)
outputs = doubled
for name in ("lower", "upper", "head"):
    outputs = model.get_layer(name)(outputs)
reused = Model(small, outputs)
print("Shared weights:", reused.get_layer("lower") is model.get_layer(index=0))
print("Nodes of a shared layer:", model.get_layer("lower").get_output_shape_at(1))

# A new head on frozen layers; the old model is untouched.
features.trainable = False
is_even = Sequential([features, Dense(1, activation="sigmoid")])
is_even.compile("adam", "binary_crossentropy", metrics=["accuracy"])
before = model.get_weights()
is_even.fit(x, (y % 2 == 0).astype("float32"), epochs=15, verbose=0)
print("Old model untouched:", all(np.array_equal(a, b) for a, b in zip(before, model.get_weights())))
print("Accuracy of the new head:", is_even.evaluate(x, (y % 2 == 0).astype("float32"), verbose=0)[1])
