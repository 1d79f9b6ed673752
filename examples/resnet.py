"""A small residual network with batch normalisation and a schedule of learning rates (He et al., 2016)."""

import keras
import numpy as np
from keras.callbacks import LearningRateScheduler, ReduceLROnPlateau
from keras.layers import Activation, BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, Input, add
from keras.models import Model
from keras.regularizers import l2
from sklearn.datasets import load_digits

np.random.seed(1)
x, y = load_digits(return_X_y=True)
x = x.reshape(-1, 8, 8, 1).astype("float32") / 16
x -= x[:1400].mean(axis=0)
y = keras.utils.to_categorical(y, 10)


def convolve(inputs, filters, strides=1, activation="relu"):
    outputs = Conv2D(
        filters, 3, strides=strides, padding="same", use_bias=False, kernel_regularizer=l2(1e-4)
    )(inputs)
    outputs = BatchNormalization(momentum=0.9)(outputs)
    return Activation(activation)(outputs) if activation else outputs


def residual_block(inputs, filters, strides):
    outputs = convolve(inputs, filters, strides)
    outputs = convolve(outputs, filters, activation=None)
    if strides != 1:
        inputs = Conv2D(filters, 1, strides=strides, padding="same", kernel_regularizer=l2(1e-4))(inputs)
    return Activation("relu")(add([outputs, inputs]))


inputs = Input(shape=(8, 8, 1))
outputs = convolve(inputs, 16)
for filters, strides in [(16, 1), (32, 2), (64, 2)]:
    outputs = residual_block(outputs, filters, strides)
outputs = Dense(10, activation="softmax")(GlobalAveragePooling2D()(outputs))
model = Model(inputs=inputs, outputs=outputs)
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])


def schedule(epoch):
    return 3e-3 if epoch < 6 else 5e-4


model.fit(
    x[:1400],
    y[:1400],
    batch_size=64,
    epochs=8,
    verbose=2,
    validation_data=(x[1400:], y[1400:]),
    callbacks=[LearningRateScheduler(schedule), ReduceLROnPlateau(factor=0.5, patience=3)],
)
print("Test accuracy:", model.evaluate(x[1400:], y[1400:], verbose=0)[1])
