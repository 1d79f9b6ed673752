"""A variational autoencoder whose loss is added to the model by `add_loss` (Kingma and Welling, 2014)."""

import numpy as np
from keras import backend as K
from keras.layers import Dense, Input, Lambda
from keras.losses import binary_crossentropy
from keras.models import Model
from sklearn.datasets import load_digits

np.random.seed(1)
x = load_digits().data.astype("float32") / 16
PIXELS, LATENT = 64, 2


def draw(moments):
    mean, log_variance = moments
    noise = K.random_normal(shape=(K.shape(mean)[0], K.int_shape(mean)[1]))
    return mean + K.exp(0.5 * log_variance) * noise


inputs = Input(shape=(PIXELS,), name="pixels")
hidden = Dense(128, activation="relu")(inputs)
mean = Dense(LATENT, name="mean")(hidden)
log_variance = Dense(LATENT, name="log_variance")(hidden)
code = Lambda(draw, output_shape=(LATENT,), name="code")([mean, log_variance])
encoder = Model(inputs, [mean, log_variance, code], name="encoder")

given_code = Input(shape=(LATENT,))
decoder = Model(
    given_code, Dense(PIXELS, activation="sigmoid")(Dense(128, activation="relu")(given_code)), name="decoder"
)

outputs = decoder(encoder(inputs)[2])
model = Model(inputs, outputs, name="variational_autoencoder")
reconstruction = PIXELS * binary_crossentropy(inputs, outputs)
divergence = -0.5 * K.sum(1 + log_variance - K.square(mean) - K.exp(log_variance), axis=-1)
model.add_loss(K.mean(reconstruction + divergence))
model.compile(optimizer="adam")
history = model.fit(x[:1500], epochs=20, batch_size=64, verbose=2, validation_data=(x[1500:], None))

print("Loss before and after:", history.history["loss"][0], history.history["val_loss"][-1])
print("A digit from the middle of the code:", decoder.predict(np.zeros((1, LATENT))).shape)
