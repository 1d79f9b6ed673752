"""An epoch of a workload, run by the engine."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.engine.data import Data
from benchmarks.engine.with_engine import dense, images, sequences
from benchmarks.engine.workloads import Workload
from engine.models import Model
from engine.utils import Sequence

MODELS = {
    build.__name__: build
    for build in (
        dense.small_mlp,
        dense.mlp,
        dense.two_in_two_out,
        dense.big_embedding,
        images.mnist_cnn,
        images.vgg,
        images.resnet,
        images.mobilenet_block,
        images.autoencoder,
        sequences.lstm_sigmoid,
        sequences.lstm_hard_sigmoid,
        sequences.stacked_lstm,
        sequences.masked_gru,
        sequences.bidirectional,
        sequences.conv_lstm,
        sequences.conv1d,
    )
}


def _unpack_one(arrays: list[np.ndarray]) -> Any:
    """Several arrays as a list, a single one as it is: Keras 3 takes no list of one."""
    return arrays if len(arrays) > 1 else arrays[0]


class Batches(Sequence):
    """Batches made one by one out of 8-bit images."""

    def __init__(self, data: Data, batch_size: int) -> None:
        self.data = data
        self.batch_size = batch_size

    def __len__(self) -> int:
        return len(self.data.inputs[0]) // self.batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return self.data.inputs[0][rows].astype("float32") / 255, self.data.targets[0][rows]


class Run:
    """A model and its data.

    Args:
        workload: the row of the table.
        data: what it is trained on.
        precision: as `set_mixed_precision` takes it.
    """

    def __init__(self, workload: Workload, data: Data, precision: str | None = None) -> None:
        if precision is not None:
            # What stands in for the engine has no such module.
            import_module("engine.backend").set_mixed_precision(precision)
        self.workload = workload
        self.data = data
        self.model: Model = MODELS[workload.model_name]()

    def fit(self) -> float:
        """Train for one epoch and return its mean loss."""
        return getattr(self, f"_fit_{self.workload.feed}")()

    def _fit_arrays(self) -> float:
        x, y = _unpack_one(self.data.inputs), _unpack_one(self.data.targets)
        history = self.model.fit(x, y, batch_size=self.workload.batch_size, epochs=1, verbose=0)
        return history.history["loss"][0]

    def _fit_batches(self) -> float:
        (x,), (y,) = self.data.inputs, self.data.targets
        size = self.workload.batch_size
        losses = [
            self.model.train_on_batch(x[start : start + size], y[start : start + size])
            for start in range(0, len(x), size)
        ]
        return float(np.mean(losses))

    def _fit_generator(self) -> float:
        history = self.model.fit_generator(
            Batches(self.data, self.workload.batch_size), epochs=1, verbose=0, workers=self.workload.workers
        )
        return history.history["loss"][0]

    def predict(self) -> list[np.ndarray]:
        """Return the outputs for all rows."""
        outputs: Any = self.model.predict(
            _unpack_one(self.data.inputs), batch_size=self.workload.batch_size, verbose=0
        )
        return outputs if isinstance(outputs, list) else [outputs]

    def set_weights(self, weights: list[list[np.ndarray]]) -> None:
        """Take over the weights of the layers that have some."""
        for layer, arrays in zip([x for x in self.model.layers if x.weights], weights, strict=True):
            layer.set_weights(arrays)
