"""A convolutional autoencoder takes noise out of digits."""

import numpy as np
from keras.layers import Conv2D, Conv2DTranspose, Input, MaxPooling2D, UpSampling2D
from keras.models import Model
from sklearn.datasets import load_digits

np.random.seed(1)
clean = load_digits().images[..., None].astype("float32") / 16
noisy = np.clip(clean + np.random.normal(scale=0.3, size=clean.shape), 0, 1).astype("float32")

image = Input(shape=(8, 8, 1))
hidden = Conv2D(32, (3, 3), activation="relu", padding="same")(image)
hidden = MaxPooling2D((2, 2), padding="same")(hidden)
hidden = Conv2D(32, (3, 3), activation="relu", padding="same")(hidden)
encoded = Conv2D(16, (3, 3), strides=2, activation="relu", padding="same")(hidden)
hidden = Conv2DTranspose(32, (3, 3), strides=2, activation="relu", padding="same")(encoded)
hidden = UpSampling2D((2, 2))(hidden)
decoded = Conv2D(1, (3, 3), activation="sigmoid", padding="same")(hidden)
model = Model(image, decoded)
model.compile(optimizer="adam", loss="mse")
model.fit(
    noisy[:1500],
    clean[:1500],
    epochs=25,
    batch_size=32,
    verbose=2,
    validation_data=(noisy[1500:], clean[1500:]),
)

restored = model.predict(noisy[1500:])
print(
    "Error before and after:", np.mean((noisy - clean)[1500:] ** 2), np.mean((restored - clean[1500:]) ** 2)
)
