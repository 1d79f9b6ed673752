"""Words by embedding, numbers as they are, crossed features by a linear part, merged by every kind of merge layer."""

import numpy as np
from keras.layers import (
    Dense,
    Embedding,
    Flatten,
    Input,
    add,
    average,
    concatenate,
    dot,
    maximum,
    multiply,
    subtract,
)
from keras.models import Model
from keras.utils import plot_model

np.random.seed(1)
SIZE, USERS, FILMS = 3000, 30, 40
tastes, kinds = np.random.normal(size=(USERS, 3)), np.random.normal(size=(FILMS, 3))
users, films = np.random.randint(USERS, size=SIZE), np.random.randint(FILMS, size=SIZE)
liked = ((tastes[users] * kinds[films]).sum(axis=1) > 0).astype("float32")

user, film = Input((1,), name="user"), Input((1,), name="film")
user_vector = Flatten()(Embedding(USERS, 8, name="tastes")(user))
film_vector = Flatten()(Embedding(FILMS, 8, name="kinds")(film))
both = [user_vector, film_vector]
merged = concatenate(
    [add(both), subtract(both), multiply(both), average(both), maximum(both), dot(both, axes=1)]
)
deep = Dense(24, activation="relu")(merged)
model = Model([user, film], Dense(1, activation="sigmoid")(deep))
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.optimizer.lr = 0.01
model.fit([users[:2500], films[:2500]], liked[:2500], batch_size=64, epochs=8, verbose=2)
plot_model(model, to_file="wide_and_deep.png", show_shapes=True)
print("Test accuracy:", model.evaluate([users[2500:], films[2500:]], liked[2500:], verbose=0)[1])
