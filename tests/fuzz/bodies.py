"""JSON that the API takes, sound and with places changed."""

import json
from typing import Any, Final

from hypothesis import strategies as st

SPEC: Final[dict[str, Any]] = {
    "name": "fuzzed",
    "data": {"x": "x", "y": "y"},
    "compile": {
        "optimizer": {"class_name": "Adam", "config": {"lr": 0.001, "clipnorm": 1.0}},
        "loss": "binary_crossentropy",
        "metrics": ["accuracy"],
        "loss_weights": [1.0],
    },
    "fit": {
        "epochs": 2, "batch_size": 4, "validation_split": 0.25, "initial_epoch": 0, "shuffle": True,
        "class_weight": {"0": 1.0, "1": 2.0},
    },
    "callbacks": [
        {"class_name": "EarlyStopping", "config": {"monitor": "val_loss", "patience": 2}},
        {"class_name": "ReduceLROnPlateau", "config": {"monitor": "loss", "factor": 0.5}},
        {"class_name": "LearningRateScheduler", "config": {"schedule": {"0": 0.01, "1": 0.001}}},
    ],
    "seed": 3,
    "tags": ["a"],
    "priority": 1,
    "max_attempts": 2,
}  # fmt: skip
POINTS: Final[dict[str, Any]] = {
    "points": [
        {
            "kind": kind,
            "step": step,
            "epoch": 0,
            "values": {"loss": 0.5, "acc": 0.25},
            "recorded_at": 1768478401.2,
        }
        for kind, step in (("epoch", 0), ("batch", 3))
    ],
}
PUBLISHED: Final[dict[str, Any]] = {"epoch": 0, "loss": 0.5, "val_loss": 0.75, "acc": 0.5}
ARRAYS: Final[dict[str, Any]] = {"x": [[0.0, 0.5], [1.0, 2.0]]}


@st.composite
def texts(draw: st.DrawFn, value: Any) -> bytes:
    """A value as JSON, now and then with some bytes that are none."""
    text = bytearray(json.dumps(value).encode())
    if draw(st.integers(0, 9)) == 0:
        start = draw(st.integers(0, max(len(text) - 1, 0)))
        text[start : start + draw(st.integers(0, 3))] = draw(st.binary(max_size=6))
    return bytes(text)
