"""What a child has behind it before it is needed, so that its first training is as fast as a second one."""

import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from engine import backend as K
from engine.layers import Dense
from engine.models import Sequential
from engine.saving import read_definition
from worker.run.artifacts import write_model, write_reports

_BATCHES = 8
"""Enough for the engine to have recorded the training's graphs."""


@cache
def warm_up(device: str) -> None:
    """Let the engine use a device, and train a tiny model on it: much is imported and prepared at its first use.

    Args:
        device: "cpu" or "cuda"; a second call for the same does nothing.
    """
    K.set_default_device(device)
    x, y = np.zeros((_BATCHES, 2)), np.zeros((_BATCHES, 1))
    with K.isolated_state(), tempfile.TemporaryDirectory() as folder:
        model = Sequential([Dense(2, input_shape=(2,), activation="relu"), Dense(1)])
        model = read_definition(json.loads(model.to_json())).build()
        model.compile(optimizer="sgd", loss="mse", metrics=["accuracy"])
        history = model.fit(x, y, batch_size=1, epochs=1, validation_data=(x, y), verbose=0)
        model.predict(x)
        write_model(model, Path(folder))
        write_reports(model, [{name: values[0] for name, values in history.history.items()}], Path(folder))
