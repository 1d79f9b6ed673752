"""One training step of the engine against the same step written by hand in plain PyTorch.

python -m benchmarks.training_step [--rounds 15] [--steps 40]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from engine import layers
from engine.backend.feeding import Column
from engine.models import Sequential

Step = Callable[[], Any]


def engine_step(model: Any, x: np.ndarray, y: np.ndarray) -> Step:
    """Return the engine's train function bound to one batch."""
    tensors = [Column(x, "float32").slice(0, len(x)), Column(y, "float32").slice(0, len(y)), None]
    step = model._step("train")
    return lambda: step(tensors)


def torch_step(network: nn.Module, x: np.ndarray, y: np.ndarray) -> Step:
    """Return a hand-written training step for integer classes bound to one batch."""
    inputs, classes = torch.from_numpy(x), torch.from_numpy(y[:, 0].astype("int64"))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, eps=1e-7)
    loss_function = nn.CrossEntropyLoss()

    def step() -> Any:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_function(network(inputs), classes)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def small_mlp() -> tuple[Step, Step]:
    """Overhead-bound: 20-64-64-10, batch 32."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 20)).astype("float32")
    y = rng.integers(0, 10, size=(32, 1)).astype("float32")
    model = Sequential(
        [
            layers.Dense(64, activation="relu", input_shape=(20,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    return _pair(model, network, x, y)


def mlp() -> tuple[Step, Step]:
    """784-512-512-10, batch 128."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(128, 784)).astype("float32")
    y = rng.integers(0, 10, size=(128, 1)).astype("float32")
    model = Sequential(
        [
            layers.Dense(512, activation="relu", input_shape=(784,)),
            layers.Dense(512, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network = nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )
    return _pair(model, network, x, y)


def cnn() -> tuple[Step, Step]:
    """28x28 images, two convolutions, pooling, dropout, batch 64."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 28, 28, 1)).astype("float32")
    y = rng.integers(0, 10, size=(64, 1)).astype("float32")
    model = Sequential(
        [
            layers.Conv2D(32, 3, activation="relu", input_shape=(28, 28, 1)),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(64 * 144, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    engine, plain = _pair(model, network, x, y, np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    return engine, plain


def _pair(
    model: Any, network: nn.Module, x: np.ndarray, y: np.ndarray, plain_x: np.ndarray | None = None
) -> tuple[Step, Step]:
    model.compile("adam", "sparse_categorical_crossentropy")
    return engine_step(model, x, y), torch_step(network, x if plain_x is None else plain_x, y)


def time_steps(step: Step, count: int) -> float:
    """Return the seconds of one step, averaged over `count`."""
    begin = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - begin) / count


def main() -> None:
    """Measure each workload in turns and print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()
    print(f"{'workload':<12}{'engine ms':>12}{'torch ms':>12}{'ratio':>8}")
    for workload in (small_mlp, mlp, cnn):
        engine, plain = workload()
        count = max(2, arguments.steps // (10 if workload is cnn else 1))
        time_steps(engine, 3), time_steps(plain, 3)
        pairs = [(time_steps(engine, count), time_steps(plain, count)) for _ in range(arguments.rounds)]
        ours, theirs = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{workload.__name__:<12}{ours:>12.3f}{theirs:>12.3f}{ratio:>8.2f}")


if __name__ == "__main__":
    main()
