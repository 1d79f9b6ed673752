"""A memory network answers where somebody is, from a story of who went where (Sukhbaatar et al., 2015)."""

import numpy as np
from keras.layers import LSTM, Activation, Dense, Dropout, Embedding, Input, Permute, add, concatenate, dot
from keras.models import Model, Sequential
from keras.optimizers import Adam

np.random.seed(1)
PEOPLE, PLACES = ["mary", "john", "anna"], ["kitchen", "garden", "office", "hall"]
WORDS = [None, *PEOPLE, *PLACES, "went", "where"]
index_of = {word: index for index, word in enumerate(WORDS)}
SENTENCES = 3


def make_story():
    story, at = [], {}
    for person in np.random.permutation(PEOPLE)[:SENTENCES]:
        place = np.random.choice(PLACES)
        story += [person, "went", place]
        at[person] = place
    asked = np.random.choice(list(at))
    return story, ["where", asked], at[asked]


def to_indices(texts):
    return np.array([[index_of[word] for word in text] for text in texts])


stories, questions, answers = zip(*[make_story() for _ in range(2400)])
stories, questions = to_indices(stories), to_indices(questions)
answers = np.array([index_of[answer] for answer in answers])

story, question = Input((3 * SENTENCES,)), Input((2,))
memory = Sequential([Embedding(len(WORDS), 32, input_length=3 * SENTENCES), Dropout(0.1)])
output_memory = Sequential([Embedding(len(WORDS), 2, input_length=3 * SENTENCES), Dropout(0.1)])
asked = Sequential([Embedding(len(WORDS), 32, input_length=2), Dropout(0.1)])
match = Activation("softmax")(dot([memory(story), asked(question)], axes=(2, 2)))
response = Permute((2, 1))(add([match, output_memory(story)]))
answer = LSTM(32)(concatenate([response, asked(question)]))
answer = Activation("softmax")(Dense(len(WORDS))(Dropout(0.1)(answer)))
model = Model([story, question], answer)
model.compile(optimizer=Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit([stories, questions], answers, batch_size=64, epochs=30, validation_split=0.1, verbose=2)
print(
    "Accuracy on the last stories:",
    model.evaluate([stories[-240:], questions[-240:]], answers[-240:], verbose=0)[1],
)
