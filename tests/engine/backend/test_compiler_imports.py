"""Building and training a model do not import torch's compiler: most of a second and 40 MiB of each process."""

from __future__ import annotations

import subprocess
import sys

TRAIN = """
import sys
import numpy as np
from engine.layers import LSTM, BatchNormalization, Conv2D, Dense, Embedding, Flatten, Input, MaxPooling2D, concatenate
from engine.models import Model

image, words = Input((8, 8, 3)), Input((5,))
x = MaxPooling2D()(BatchNormalization()(Conv2D(4, 3, padding="same", activation="relu")(image)))
y = LSTM(4)(Embedding(9, 4)(words))
model = Model([image, words], Dense(3, activation="softmax")(concatenate([Flatten()(x), y])))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
assert model.output_shape == (None, 3)
assert "torch._dynamo" not in sys.modules, "imported to build the model"

data = [np.ones((16, 8, 8, 3), "float32"), np.ones((16, 5))]
model.fit(data, np.ones((16, 3)), batch_size=2, verbose=0)
model.predict(data, batch_size=2)
for step in (model._step("train"), model._step("predict")):
    assert all(compiled.is_flat for compiled in step._function._compiled.values()), "not trained long enough"
assert "torch._dynamo" not in sys.modules, "imported to train the model"
"""


def test_a_model_is_trained_without_torchs_compiler() -> None:
    trained = subprocess.run([sys.executable, "-c", TRAIN], capture_output=True, text=True, check=False)
    assert trained.returncode == 0, trained.stderr
