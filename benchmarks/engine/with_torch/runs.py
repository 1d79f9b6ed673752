"""An epoch of a workload, run by a hand-written loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from benchmarks.engine.data import Data
from benchmarks.engine.with_torch import dense, images, sequences
from benchmarks.engine.with_torch.keras_weights import list_weights
from benchmarks.engine.with_torch.setup import Setup
from benchmarks.engine.workloads import Workload

Batch = tuple[list[torch.Tensor], list[torch.Tensor]]

SETUPS: dict[str, Callable[[], Setup]] = {
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


def _to_target(array: np.ndarray) -> torch.Tensor:
    """Return class numbers without their last axis, as torch wants them, and anything else as it is."""
    tensor = torch.from_numpy(array)
    return tensor if tensor.is_floating_point() else tensor.squeeze(1)


class Batches(Dataset):
    """Batches made one by one out of 8-bit images."""

    def __init__(self, data: Data, batch_size: int) -> None:
        self.data = data
        self.batch_size = batch_size

    def __len__(self) -> int:
        return len(self.data.inputs[0]) // self.batch_size

    def __getitem__(self, index: int) -> Batch:
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        x = self.data.inputs[0][rows].astype("float32") / 255
        return [torch.from_numpy(x)], [_to_target(self.data.targets[0][rows])]


class Run:
    """A network and its data.

    Args:
        workload: the row of the table.
        data: what it is trained on.
        precision: "bfloat16" for autocast to it.
    """

    def __init__(self, workload: Workload, data: Data, precision: str | None = None) -> None:
        self._scope: Callable[[], AbstractContextManager[Any]] = (
            nullcontext if precision is None else partial(torch.autocast, "cpu", getattr(torch, precision))
        )
        self.workload = workload
        self.data = data
        self.setup = SETUPS[workload.model_name]()
        self.optimizer = self.setup.make_optimizer(self.setup.network)
        self.inputs = [torch.from_numpy(x) for x in data.inputs]
        self.targets = [_to_target(y) for y in data.targets]
        self._loader: DataLoader | None = None

    def fit(self) -> float:
        """Train for one epoch and return its mean loss."""
        self.setup.network.train()
        return getattr(self, f"_fit_{self.workload.feed}")()

    def _step(self, inputs: list[torch.Tensor], targets: list[torch.Tensor]) -> torch.Tensor:
        self.optimizer.zero_grad(set_to_none=True)
        with self._scope():
            loss = self.setup.loss(self.setup.network(*inputs), targets)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _train(self, batches: Iterable[Batch]) -> float:
        losses = [self._step(*batch) for batch in batches]
        return torch.stack(losses).mean().item()

    def _fit_arrays(self) -> float:
        order = torch.randperm(len(self.inputs[0]))
        return self._train(self._slice([x[order] for x in self.inputs], [y[order] for y in self.targets]))

    def _slice(self, inputs: list[torch.Tensor], targets: list[torch.Tensor]) -> Iterator[Batch]:
        size = self.workload.batch_size
        for start in range(0, len(inputs[0]), size):
            rows = slice(start, start + size)
            yield [x[rows] for x in inputs], [y[rows] for y in targets]

    def _fit_batches(self) -> float:
        (x,), (y,) = self.data.inputs, self.data.targets
        size = self.workload.batch_size
        losses = [
            self._step(
                [torch.from_numpy(x[start : start + size])], [_to_target(y[start : start + size])]
            ).item()
            for start in range(0, len(x), size)
        ]
        return float(np.mean(losses))

    def _fit_generator(self) -> float:
        if self._loader is None:
            self._loader = DataLoader(
                Batches(self.data, self.workload.batch_size),
                batch_size=None,
                shuffle=True,
                num_workers=self.workload.workers,
                persistent_workers=True,
            )
        return self._train(self._loader)

    @torch.inference_mode()
    def predict(self) -> list[np.ndarray]:
        """Return the outputs for all rows."""
        network, finish = self.setup.network.eval(), self.setup.finish
        with self._scope():
            outputs: Any = [finish(network(*inputs)) for inputs, _ in self._slice(self.inputs, [])]
        return [torch.cat(parts).float().numpy() for parts in zip(*outputs, strict=True)]

    def list_weights(self) -> list[list[np.ndarray]]:
        """Return the weights in Keras's order and shapes, layer by layer."""
        return list(list_weights(self.setup.network))
