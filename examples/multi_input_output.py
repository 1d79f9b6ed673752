"""Two inputs and two outputs, data and losses given by name: a headline's words and its hour foretell success."""

import numpy as np
from keras.layers import LSTM, Dense, Embedding, Input, concatenate
from keras.models import Model

np.random.seed(1)
SIZE, LENGTH, WORDS = 1500, 10, 50
headlines = np.random.randint(1, WORDS, size=(SIZE, LENGTH))
extra = np.random.uniform(-1, 1, size=(SIZE, 3)).astype("float32")
liked = ((headlines < 10).sum(axis=1) >= 2).astype("float32")
shared = (liked + extra[:, 0] > 0.5).astype("float32")

main_input = Input(shape=(LENGTH,), dtype="int32", name="main_input")
words = LSTM(24)(Embedding(output_dim=16, input_dim=WORDS, input_length=LENGTH)(main_input))
auxiliary_output = Dense(1, activation="sigmoid", name="aux_output")(words)
auxiliary_input = Input(shape=(3,), name="aux_input")
hidden = concatenate([words, auxiliary_input])
hidden = Dense(32, activation="relu")(hidden)
main_output = Dense(1, activation="sigmoid", name="main_output")(hidden)
model = Model(inputs=[main_input, auxiliary_input], outputs=[main_output, auxiliary_output])
model.compile(
    optimizer="rmsprop",
    loss={"main_output": "binary_crossentropy", "aux_output": "binary_crossentropy"},
    loss_weights={"main_output": 1.0, "aux_output": 0.4},
    metrics={"main_output": "accuracy"},
)
model.optimizer.lr = 0.01
history = model.fit(
    {"main_input": headlines, "aux_input": extra},
    {"main_output": shared, "aux_output": liked},
    epochs=12,
    batch_size=32,
    verbose=2,
    validation_split=0.2,
)
print("Metrics:", sorted(history.history))
print("Validation accuracy:", history.history["val_main_output_acc"][-1])
