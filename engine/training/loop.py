"""The loops over epochs and batches; there is one of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engine.backend.feeding import Collector, Means
from engine.training.logs import Logs, make_batch_logs

Batch = tuple[int, list[Any]]


def fit_loop(
    model: Any,
    step: Callable[[list[Any]], list[Any]],
    batches: Callable[[], Iterable[Batch]],
    callbacks: Any,
    epochs: int,
    initial_epoch: int = 0,
    validate: Callable[[], list[float]] | None = None,
) -> None:
    """Train for some epochs.

    Args:
        model: tells when to stop, by `stop_training`.
        step: trains on one batch and gives loss and metrics.
        batches: gives the batches of one epoch, each with its number of samples.
        callbacks: a `CallbackList`.
        epochs: number of the epoch at which to end.
        initial_epoch: number of the first epoch, from 0.
        validate: gives loss and metrics on the validation data.
    """
    names = model.metrics_names
    model.stop_training = False
    callbacks.on_train_begin()
    for epoch in range(initial_epoch, epochs):
        callbacks.on_epoch_begin(epoch)
        means = run_epoch(names, step, batches(), callbacks, model)
        logs: dict[str, Any] = {}
        if validate is not None and not model.stop_training:
            logs.update(zip((f"val_{name}" for name in names), validate(), strict=True))
        logs.update(zip(names, means, strict=False))
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    callbacks.on_train_end()


def run_epoch(
    names: list[str],
    step: Callable[[list[Any]], list[Any]],
    batches: Iterable[Batch],
    callbacks: Any = None,
    model: Any = None,
) -> list[float]:
    """Run a step on every batch and return the averages of what it gives, weighted by batch size."""
    means = Means()
    for number, (size, values) in enumerate(batches):
        if callbacks is not None:
            callbacks.on_batch_begin(number, Logs(batch=number, size=size))
        results = step(values)
        means.add(results, size)
        if callbacks is not None:
            callbacks.on_batch_end(number, make_batch_logs(number, size, names, results))
        if model is not None and model.stop_training:
            break
    return means.read()


def predict_loop(
    step: Callable[[list[Any]], list[Any]], batches: Iterator[Batch], rows: int | None, progress: Any = None
) -> list[Any]:
    """Return the outputs for all batches, put together."""
    collector = Collector(rows)
    done = 0
    for size, values in batches:
        collector.add(step(values))
        done += size
        if progress is not None:
            progress.update(done)
    return collector.finish()
