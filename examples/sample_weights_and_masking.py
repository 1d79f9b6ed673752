"""Series of different lengths are padded and masked, and rare classes weighted, by sample and by step."""

import numpy as np
from keras.layers import LSTM, Dense, Masking, TimeDistributed
from keras.models import Sequential

np.random.seed(1)
SIZE, LENGTH, PADDING = 600, 10, -1.0
lengths = np.random.randint(4, LENGTH + 1, size=SIZE)
x = np.random.uniform(size=(SIZE, LENGTH, 2)).astype("float32")
y = (np.cumsum(x[..., :1], axis=1) > 3).astype("float32")
inside = np.arange(LENGTH) < lengths[:, None]
x[~inside] = PADDING

model = Sequential()
model.add(Masking(mask_value=PADDING, input_shape=(LENGTH, 2)))
model.add(LSTM(16, return_sequences=True))
model.add(TimeDistributed(Dense(1, activation="sigmoid")))
model.compile("adam", "binary_crossentropy", sample_weight_mode="temporal")
model.optimizer.lr = 0.01

# Each class counts as much as the other, padded steps nothing.
share = y[inside].mean()
weights = np.where(y[..., 0] == 1, 0.5 / share, 0.5 / (1 - share)) * inside
model.fit(x[:500], y[:500], sample_weight=weights[:500], epochs=15, batch_size=32, verbose=2)

# Whatever stands in the padding changes nothing.
changed = x.copy()
changed[~inside] = PADDING
longer = np.concatenate([changed, np.full((SIZE, 3, 2), PADDING, dtype="float32")], axis=1)[:, :LENGTH]
print("Padding is not seen:", np.allclose(model.predict(longer)[inside], model.predict(x)[inside]))
found = model.predict(x[500:])[..., 0] > 0.5
print("Accuracy over real steps:", (found == (y[500:, :, 0] == 1))[inside[500:]].mean())
