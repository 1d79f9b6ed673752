"""A generator and a discriminator train in turn; `trainable` decides who learns (Goodfellow et al., 2014)."""

import numpy as np
from keras.layers import Dense, Input, LeakyReLU
from keras.models import Model, Sequential
from keras.optimizers import Adam

np.random.seed(2)
NOISE, BATCH = 4, 64
CENTRE = np.array([2.0, -1.0])


def draw_real(size):
    return (CENTRE + 0.3 * np.random.normal(size=(size, 2))).astype("float32")


generator = Sequential([Dense(32, input_dim=NOISE), LeakyReLU(0.2), Dense(2)])
discriminator = Sequential([Dense(32, input_dim=2), LeakyReLU(0.2), Dense(1, activation="sigmoid")])
discriminator.compile(Adam(0.005, beta_1=0.5), "binary_crossentropy", metrics=["accuracy"])

# The combined model is compiled while the discriminator is frozen: here only the generator learns.
discriminator.trainable = False
noise = Input(shape=(NOISE,))
combined = Model(noise, discriminator(generator(noise)))
combined.compile(Adam(0.005, beta_1=0.5), "binary_crossentropy")
discriminator.trainable = True

start = generator.predict(np.random.normal(size=(500, NOISE))).mean(axis=0)
for step in range(600):
    fake = generator.predict(np.random.normal(size=(BATCH, NOISE)))
    judged = discriminator.train_on_batch(
        np.vstack([draw_real(BATCH), fake]), np.vstack([np.ones((BATCH, 1)), np.zeros((BATCH, 1))])
    )
    fooled = combined.train_on_batch(np.random.normal(size=(BATCH, NOISE)), np.ones((BATCH, 1)))
    if step % 100 == 99:
        print(f"step {step + 1}: discriminator {judged[0]:.3f} ({judged[1]:.2f}), generator {fooled:.3f}")

made = generator.predict(np.random.normal(size=(500, NOISE)))
print(
    "Distance of the made points' centre, before and after:",
    np.linalg.norm(start - CENTRE),
    np.linalg.norm(made.mean(axis=0) - CENTRE),
)
