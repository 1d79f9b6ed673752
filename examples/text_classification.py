"""Texts become numbers by a Tokenizer; embeddings and a one-dimensional convolution tell their subject."""

import random

import numpy as np
from keras.layers import Conv1D, Dense, Dropout, Embedding, GlobalMaxPooling1D
from keras.models import Sequential
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import Tokenizer, text_to_word_sequence

random.seed(1)
np.random.seed(1)
SUBJECTS = {
    "kitchen": "the cook {} a {} soup with {}",
    "sea": "a sailor {} the {} boat near {}",
    "space": "our rocket {} one {} star behind {}",
}
FILLINGS = [
    ["stirs", "sees", "left", "paints"],
    ["red", "small", "cold", "old"],
    ["salt", "land", "home", "smoke"],
]


def write_text(subject):
    words = SUBJECTS[subject].format(*[random.choice(words) for words in FILLINGS]).split()
    # Half of the words that give the subject away are lost.
    return " ".join(word for word in words if random.random() > 0.4).capitalize() + "!"


classes = list(SUBJECTS)
labels = np.random.randint(3, size=900)
texts = [write_text(classes[label]) for label in labels]
tokenizer = Tokenizer(num_words=40)
tokenizer.fit_on_texts(texts)
x = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=8)
print(texts[0], "->", text_to_word_sequence(texts[0]), "->", x[0])

model = Sequential()
model.add(Embedding(40, 16, input_length=8))
model.add(Conv1D(32, 3, padding="same", activation="relu"))
model.add(GlobalMaxPooling1D())
model.add(Dropout(0.2))
model.add(Dense(3, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x[:700], labels[:700], batch_size=32, epochs=8, validation_data=(x[700:], labels[700:]), verbose=2)

# The same from counts of words, without their order.
counts = tokenizer.texts_to_matrix(texts, mode="tfidf")
bag = Sequential([Dense(32, activation="relu", input_dim=40), Dense(3, activation="softmax")])
bag.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
bag.fit(counts[:700], labels[:700], epochs=8, verbose=0)
print("Accuracy from counts:", bag.evaluate(counts[700:], labels[700:], verbose=0)[1])
print("Test accuracy:", model.evaluate(x[700:], labels[700:], verbose=0)[1])
