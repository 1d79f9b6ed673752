"""A script of 2016, in the words of Keras 1: each is understood, with a warning that names the new one."""

import numpy as np
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.layers.core import Activation, Dense, Dropout, Flatten
from keras.models import Sequential
from keras.objectives import categorical_crossentropy
from keras.regularizers import l2
from keras.utils.np_utils import to_categorical
from sklearn.datasets import load_digits

np.random.seed(1)
nb_classes, nb_filters, nb_pool, nb_conv = 10, 16, 2, 3
X, y = load_digits(return_X_y=True)
X = X.reshape(-1, 8, 8, 1).astype("float32") / 16
Y = to_categorical(y, nb_classes)

model = Sequential()
model.add(
    Convolution2D(nb_filters, nb_conv, nb_conv, border_mode="same", input_shape=(8, 8, 1), dim_ordering="tf")
)
model.add(Activation("relu"))
model.add(
    Convolution2D(nb_filters, nb_conv, nb_conv, border_mode="valid", subsample=(1, 1), init="he_normal")
)
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(nb_pool, nb_pool), border_mode="valid"))
model.add(Dropout(p=0.25))
model.add(Flatten())
model.add(Dense(output_dim=64, init="glorot_uniform", W_regularizer=l2(1e-4)))
model.add(Activation("relu"))
model.add(Dense(nb_classes, bias=True))
model.add(Activation("softmax"))
model.compile(loss=categorical_crossentropy, optimizer="adadelta", metrics=["accuracy"])
model.fit(X[:1400], Y[:1400], batch_size=32, nb_epoch=8, verbose=2, validation_data=(X[1400:], Y[1400:]))
print("Test accuracy:", model.evaluate(X[1400:], Y[1400:], verbose=0)[1])
