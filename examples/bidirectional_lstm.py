"""Two LSTMs read a sequence from both ends: which half holds more of a word is known only from both."""

import numpy as np
from keras.layers import LSTM, Bidirectional, Dense, Dropout, Embedding
from keras.models import Sequential
from keras.preprocessing import sequence

np.random.seed(1)
WORDS, LENGTH = 30, 16
texts = [np.random.randint(2, WORDS, size=np.random.randint(8, LENGTH + 1)) for _ in range(1600)]
# Positive where the text begins and ends with words of the same half of the dictionary.
labels = np.array([(text[0] < WORDS / 2) == (text[-1] < WORDS / 2) for text in texts], dtype="float32")
x = sequence.pad_sequences(texts, maxlen=LENGTH)

model = Sequential()
model.add(Embedding(WORDS, 16, input_length=LENGTH, mask_zero=True))
model.add(Bidirectional(LSTM(16)))
model.add(Dropout(0.1))
model.add(Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.optimizer.lr = 0.01
model.fit(
    x[:1300], labels[:1300], batch_size=32, epochs=10, verbose=2, validation_data=(x[1300:], labels[1300:])
)
print("Test accuracy:", model.evaluate(x[1300:], labels[1300:], verbose=0)[1])
