"""An LSTM learns a text character by character, and goes on writing it."""

import numpy as np
from keras.callbacks import LambdaCallback
from keras.layers import LSTM, Activation, Dense
from keras.models import Sequential
from keras.optimizers import RMSprop

np.random.seed(1)
text = "the quick brown fox jumps over the lazy dog. " * 24
LENGTH = 12
characters = sorted(set(text))
index_of = {character: index for index, character in enumerate(characters)}

starts = range(0, len(text) - LENGTH, 2)
x = np.zeros((len(starts), LENGTH, len(characters)), dtype="bool")
y = np.zeros((len(starts), len(characters)), dtype="bool")
for row, start in enumerate(starts):
    for step, character in enumerate(text[start : start + LENGTH]):
        x[row, step, index_of[character]] = 1
    y[row, index_of[text[start + LENGTH]]] = 1

model = Sequential()
model.add(LSTM(64, input_shape=(LENGTH, len(characters))))
model.add(Dense(len(characters)))
model.add(Activation("softmax"))
model.compile(loss="categorical_crossentropy", optimizer=RMSprop(lr=0.02))


def sample(probabilities, temperature):
    logits = np.log(np.asarray(probabilities, dtype="float64") + 1e-12) / temperature
    scaled = np.exp(logits - logits.max())
    return np.argmax(np.random.multinomial(1, scaled / scaled.sum()))


def write(seed, size, temperature):
    written = seed
    for _ in range(size):
        window = np.zeros((1, LENGTH, len(characters)))
        for step, character in enumerate(written[-LENGTH:]):
            window[0, step, index_of[character]] = 1
        written += characters[sample(model.predict(window, verbose=0)[0], temperature)]
    return written[len(seed) :]


def show(epoch, logs):
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: {write(text[:LENGTH], 30, 0.5)!r}")


model.fit(x, y, batch_size=32, epochs=15, verbose=2, callbacks=[LambdaCallback(on_epoch_end=show)])
written = write(text[:LENGTH], 45, 0.1)
agreeing = np.mean([one == other for one, other in zip(written, text[LENGTH:])])
print("Written:", written)
print("Agreeing characters:", agreeing)
