"""An encoder's states start a decoder that writes a word backwards (Sutskever, Vinyals and Le, 2014)."""

import numpy as np
from keras.layers import LSTM, Dense, Input
from keras.models import Model

np.random.seed(1)
LETTERS, LENGTH, UNITS = "abcdefgh", 5, 96
START, STOP = len(LETTERS), len(LETTERS) + 1
TOKENS = len(LETTERS) + 2


def one_hot(sequences):
    return np.eye(TOKENS, dtype="float32")[sequences]


words = np.random.randint(len(LETTERS), size=(4000, LENGTH))
reversed_words = words[:, ::-1]
begun = np.hstack([np.full((len(words), 1), START), reversed_words])
ended = np.hstack([reversed_words, np.full((len(words), 1), STOP)])

encoder_inputs = Input(shape=(None, TOKENS))
_, state_h, state_c = LSTM(UNITS, return_state=True)(encoder_inputs)
encoder_states = [state_h, state_c]
decoder_inputs = Input(shape=(None, TOKENS))
decoder_lstm = LSTM(UNITS, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = Dense(TOKENS, activation="softmax")
model = Model([encoder_inputs, decoder_inputs], decoder_dense(decoder_outputs))
model.compile(optimizer="rmsprop", loss="categorical_crossentropy")
model.fit(
    [one_hot(words), one_hot(begun)],
    one_hot(ended),
    batch_size=64,
    epochs=20,
    validation_split=0.1,
    verbose=2,
)

# For writing, the encoder and one step of the decoder are models of their own over the same layers.
encoder = Model(encoder_inputs, encoder_states)
given_states = [Input(shape=(UNITS,)), Input(shape=(UNITS,))]
step_outputs, step_h, step_c = decoder_lstm(decoder_inputs, initial_state=given_states)
decoder = Model([decoder_inputs, *given_states], [decoder_dense(step_outputs), step_h, step_c])


def decode(word):
    states = encoder.predict(one_hot(word[None]))
    token, written = START, []
    while len(written) < LENGTH + 1:
        probabilities, *states = decoder.predict([one_hot(np.array([[token]])), *states])
        token = int(probabilities[0, -1].argmax())
        if token == STOP:
            break
        written.append(token)
    return written


tried = words[:40]
right = np.mean([decode(word) == list(word[::-1]) for word in tried])
for word in tried[:3]:
    print("".join(LETTERS[i] for i in word), "->", "".join((LETTERS + "^$")[i] for i in decode(word)))
print("Words written right:", right)
