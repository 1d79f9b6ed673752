"""Layers of one's own: one without weights (an antirectifier) and one with them."""

import keras
import numpy as np
from keras import backend as K
from keras import layers
from keras.engine.topology import Layer
from keras.models import Sequential, model_from_json
from sklearn.datasets import load_digits

np.random.seed(1)


class Antirectifier(Layer):
    """Keeps both signs: the positive and the negative part, normalised, side by side."""

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])

    def call(self, inputs):
        inputs = K.l2_normalize(inputs - K.mean(inputs, axis=1, keepdims=True), axis=1)
        return K.concatenate([K.relu(inputs), K.relu(-inputs)], axis=1)


class Scale(Layer):
    """Multiplies each feature by a weight."""

    def __init__(self, start=1.0, **kwargs):
        self.start = start
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.factor = self.add_weight(
            name="factor", shape=(input_shape[-1],), initializer=keras.initializers.Constant(self.start)
        )
        super().build(input_shape)

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return {"start": self.start, **super().get_config()}


x, y = load_digits(return_X_y=True)
x = x.astype("float32") / 16
y = keras.utils.to_categorical(y, 10)
model = Sequential(
    [
        layers.Dense(64, input_shape=(64,)),
        Antirectifier(),
        layers.Dropout(0.1),
        Scale(2.0),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
model.fit(x[:1400], y[:1400], batch_size=64, epochs=15, verbose=2)

copy = model_from_json(model.to_json(), custom_objects={"Antirectifier": Antirectifier, "Scale": Scale})
copy.set_weights(model.get_weights())
print("The copy predicts the same:", np.array_equal(copy.predict(x[1400:]), model.predict(x[1400:])))
print("Test accuracy:", model.evaluate(x[1400:], y[1400:], verbose=0)[1])
