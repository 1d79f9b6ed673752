"""The loops over epochs and batches; there is one of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.backend.feeding import Collector, Means
from engine.training.batches import Batch
from engine.training.logs import Logs, make_batch_logs

Step = Callable[[list[Any]], list[Any]]


def fit_loop(
    model: Any,
    step: Step,
    batches: Iterable[Batch],
    callbacks: Any,
    epochs: int,
    initial_epoch: int = 0,
    validate: Callable[[], list[float]] | None = None,
) -> None:
    """Train for some epochs.

    Args:
        model: a compiled model; it tells when to stop, by `stop_training`.
        step: trains on one batch and gives loss and metrics.
        batches: gives the batches of one epoch each time it is iterated over.
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
        means = run_epoch(model, step, batches, callbacks)
        logs: dict[str, Any] = {}
        if validate is not None and not model.stop_training:
            logs.update(zip((f"val_{name}" for name in names), validate(), strict=True))
        logs.update(zip(names, means, strict=False))
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    callbacks.on_train_end()


def run_epoch(model: Any, step: Step, batches: Iterable[Batch], callbacks: Any = None) -> list[float]:
    """Run a step on every batch and return the averages of what it gives, weighted by batch size.

    Of metrics that add up over the batches by themselves it is the last value that counts.

    Args:
        model: a compiled model.
        step: gives loss and metrics of one batch.
        batches: the batches.
        callbacks: the `CallbackList` of a training; a callback may stop it within the epoch.
    """
    names = model.metrics_names
    stateful = model._plan.stateful_metrics
    for metric in stateful.values():
        metric.reset_states()
    means = Means()
    results: list[Any] = []
    for number, (size, values) in enumerate(batches):
        if callbacks is not None:
            callbacks.on_batch_begin(number, Logs(batch=number, size=size))
        results = step(values)
        means.add(results, size)
        if callbacks is not None:
            callbacks.on_batch_end(number, make_batch_logs(number, size, names, results))
            if model.stop_training:
                break
    averages = means.read()
    for name in stateful if results else ():
        averages[names.index(name)] = float(results[names.index(name)])
    return averages


def predict_loop(step: Step, batches: Iterable[Batch], rows: int | None) -> list[Any]:
    """Return the outputs for all batches, put together.

    Args:
        step: gives the outputs for one batch.
        batches: the batches.
        rows: how many samples they have, where that is known.
    """
    collector = Collector(rows)
    for _, values in batches:
        collector.add(step(values))
    return collector.finish()
