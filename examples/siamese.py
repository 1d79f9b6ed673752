"""Two branches with shared weights learn a distance between digits (Hadsell, Chopra and LeCun, 2006)."""

import random

import numpy as np
from keras import backend as K
from keras.layers import Dense, Dropout, Input, Lambda
from keras.models import Model, Sequential
from keras.optimizers import RMSprop
from sklearn.datasets import load_digits

np.random.seed(1)
random.seed(1)
MARGIN = 1


def euclidean_distance(vectors):
    first, second = vectors
    return K.sqrt(K.maximum(K.sum(K.square(first - second), axis=1, keepdims=True), K.epsilon()))


def distance_shape(shapes):
    return (shapes[0][0], 1)


def contrastive_loss(y_true, y_pred):
    apart = K.square(K.maximum(MARGIN - y_pred, 0))
    return K.mean(y_true * K.square(y_pred) + (1 - y_true) * apart)


def accuracy(y_true, y_pred):
    return K.mean(K.equal(y_true, K.cast(y_pred < 0.5, y_true.dtype)))


def make_pairs(x, y):
    """Return alternately a pair of one class and a pair of two."""
    of_class = [np.where(y == digit)[0] for digit in range(10)]
    pairs, labels = [], []
    size = min(len(members) for members in of_class) - 1
    for digit in range(10):
        for position in range(size):
            first, second = of_class[digit][position : position + 2]
            other = of_class[(digit + random.randrange(1, 10)) % 10][position]
            pairs += [[x[first], x[second]], [x[first], x[other]]]
            labels += [1, 0]
    return np.array(pairs), np.array(labels, dtype="float32")


x, y = load_digits(return_X_y=True)
x = x.astype("float32") / 16
train_pairs, train_labels = make_pairs(x[:1400], y[:1400])
test_pairs, test_labels = make_pairs(x[1400:], y[1400:])

base = Sequential(
    [Dense(128, activation="relu", input_shape=(64,)), Dropout(0.1), Dense(128, activation="relu")],
    name="base",
)
left, right = Input(shape=(64,)), Input(shape=(64,))
distance = Lambda(euclidean_distance, output_shape=distance_shape)([base(left), base(right)])
model = Model([left, right], distance)
model.compile(loss=contrastive_loss, optimizer=RMSprop(), metrics=[accuracy])
model.fit(
    [train_pairs[:, 0], train_pairs[:, 1]],
    train_labels,
    batch_size=128,
    epochs=10,
    verbose=2,
    validation_data=([test_pairs[:, 0], test_pairs[:, 1]], test_labels),
)
predicted = model.predict([test_pairs[:, 0], test_pairs[:, 1]])
print("Test accuracy:", np.mean((predicted.ravel() < 0.5) == test_labels))
