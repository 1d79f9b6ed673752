"""Letters are read off a strip without being told where each stands, by CTC (Graves et al., 2006)."""

import numpy as np
from keras import backend as K
from keras.layers import GRU, Activation, Bidirectional, Conv1D, Dense, Input, Lambda
from keras.models import Model
from keras.optimizers import Adam

np.random.seed(1)
LETTERS, LONGEST, STEPS, ROWS = 4, 3, 12, 6
SHAPES = np.random.uniform(size=(LETTERS, 2, ROWS)) > 0.5


def draw_strips(size):
    strips = 0.1 * np.random.normal(size=(size, STEPS, ROWS))
    labels = np.full((size, LONGEST), -1)
    lengths = np.random.randint(1, LONGEST + 1, size=(size, 1))
    for strip, label, length in zip(strips, labels, lengths[:, 0]):
        starts = np.arange(length) * 4 + np.random.randint(0, 3, size=length)
        label[:length] = np.random.randint(LETTERS, size=length)
        for start, letter in zip(starts, label):
            strip[start : start + 2] += SHAPES[letter]
    return strips, labels, lengths


def ctc_loss(arguments):
    predicted, labels, input_lengths, label_lengths = arguments
    return K.ctc_batch_cost(labels, predicted, input_lengths, label_lengths)


strip = Input(shape=(STEPS, ROWS), name="strip")
hidden = Conv1D(24, 3, padding="same", activation="relu")(strip)
hidden = Bidirectional(GRU(24, return_sequences=True))(hidden)
predicted = Activation("softmax", name="letters")(Dense(LETTERS + 1)(hidden))
labels = Input(name="labels", shape=[LONGEST], dtype="float32")
input_lengths = Input(name="input_lengths", shape=[1], dtype="int64")
label_lengths = Input(name="label_lengths", shape=[1], dtype="int64")
loss = Lambda(ctc_loss, output_shape=(1,), name="ctc")([predicted, labels, input_lengths, label_lengths])
model = Model([strip, labels, input_lengths, label_lengths], loss)
# The loss is computed inside the model; what `compile` wants as a loss only passes it on.
model.compile(optimizer=Adam(0.01), loss={"ctc": lambda y_true, y_pred: y_pred})

x, y, y_lengths = draw_strips(800)
x_lengths = np.full((len(x), 1), STEPS)
model.fit([x, np.maximum(y, 0), x_lengths, y_lengths], np.zeros(len(x)), batch_size=32, epochs=12, verbose=2)

read = K.function([strip, K.learning_phase()], [predicted])
tested, expected, lengths = draw_strips(100)
decoded = K.get_value(K.ctc_decode(read([tested, 0])[0], np.full(100, STEPS), greedy=True)[0][0])
right = [
    list(row[row >= 0]) == list(label[: length[0]]) for row, label, length in zip(decoded, expected, lengths)
]
print("Strips read right:", np.mean(right))
