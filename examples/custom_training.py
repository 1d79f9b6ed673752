"""A loss, a metric and a callback of one's own."""

import numpy as np
from keras import backend as K
from keras.callbacks import Callback
from keras.layers import Dense
from keras.models import Sequential, load_model
from keras.optimizers import Adam

np.random.seed(1)


def huber(y_true, y_pred):
    error = K.abs(y_true - y_pred)
    return K.mean(K.switch(error < 1, 0.5 * K.square(error), error - 0.5), axis=-1)


def within_half(y_true, y_pred):
    return K.mean(K.cast(K.abs(y_true - y_pred) < 0.5, K.floatx()))


class BestWeights(Callback):
    """Ends with the weights of the best epoch."""

    def on_train_begin(self, logs=None):
        self.best, self.weights, self.batches = np.inf, None, 0

    def on_batch_end(self, batch, logs=None):
        self.batches += 1

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_loss"] < self.best:
            self.best, self.weights = logs["val_loss"], self.model.get_weights()

    def on_train_end(self, logs=None):
        self.model.set_weights(self.weights)


x = np.random.uniform(-1, 1, size=(1000, 4)).astype("float32")
y = 3 * x[:, :1] - 2 * x[:, 1:2] * x[:, 2:3]
y[::50] += 20  # outliers, which a squared error would chase
model = Sequential([Dense(32, activation="tanh", input_dim=4), Dense(1)])
model.compile(Adam(0.01), huber, metrics=[within_half])
kept = BestWeights()
model.fit(
    x[:800],
    y[:800],
    epochs=30,
    batch_size=16,
    verbose=2,
    validation_data=(x[800:], y[800:]),
    callbacks=[kept],
)
print("Batches seen:", kept.batches)
print(
    "Best validation loss is the model's:",
    np.isclose(kept.best, model.evaluate(x[800:], y[800:], verbose=0)[0]),
)

model.save("custom_training.h5")
again = load_model("custom_training.h5", custom_objects={"huber": huber, "within_half": within_half})
print("Share within a half:", again.evaluate(x[800:], y[800:], verbose=0)[1])
