"""What a filter looks for: an input is changed along the gradient until the filter's answer is largest."""

import numpy as np
from keras import backend as K
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.utils import to_categorical
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
x = x.reshape(-1, 8, 8, 1).astype("float32") / 16
model = Sequential(
    [
        Conv2D(8, 3, activation="relu", padding="same", input_shape=(8, 8, 1), name="first"),
        MaxPooling2D(2),
        Conv2D(8, 3, activation="relu", padding="same", name="second"),
        Flatten(),
        Dense(10, activation="softmax"),
    ]
)
model.compile("adam", "categorical_crossentropy")
model.fit(x, to_categorical(y, 10), epochs=5, verbose=0)

image = model.input
rises = []
for number in range(8):
    answer = K.mean(model.get_layer("second").output[:, :, :, number])
    gradient = K.gradients(answer, image)[0]
    gradient /= K.sqrt(K.mean(K.square(gradient))) + 1e-5
    step = K.function([image], [answer, gradient])
    picture = 0.5 + 0.1 * np.random.uniform(size=(1, 8, 8, 1))
    before = step([picture])[0]
    for _ in range(40):
        _, direction = step([picture])
        picture += 0.1 * direction
    rises.append(step([picture])[0] - before)
    print(f"filter {number}: {before:.3f} -> {before + rises[-1]:.3f}")
print("Median rise:", np.median(rises))
