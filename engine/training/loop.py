"""The loops over epochs and batches; there is one of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.backend.feeding import Collector
from engine.callbacks import CallbackList
from engine.training.batches import Batch, BatchSource
from engine.training.logs import Logs, make_batch_logs
from engine.training.state import Continuation, Progress
from engine.training.steps import Step


def fit_loop(
    model: Any,
    step: Step,
    batches: BatchSource,
    callbacks: CallbackList,
    epochs: int,
    initial_epoch: int = 0,
    validate: Callable[[], list[float]] | None = None,
) -> None:
    """Train for some epochs.

    Args:
        model: a compiled model; it tells when to stop, by `stop_training`.
        step: trains on one batch and gives loss and metrics.
        batches: gives the batches of one epoch each time it is iterated over.
        callbacks: a `CallbackList`; a `StateKeeper` among them keeps the state, and may begin from one.
        epochs: number of the epoch at which to end.
        initial_epoch: number of the first epoch, from 0.
        validate: gives loss and metrics on the validation data.

    Raises:
        ValueError: a state is to be kept of a training whose data comes from a generator or Sequence.
    """
    names = model.metrics_names
    continuation = Continuation(model, step, callbacks)
    if continuation.is_wanted and not batches.can_go_on:
        raise ValueError(
            "The state of a training on a generator or Sequence can't be kept, because what it gives next can't "
            "be: call `fit` with arrays."
        )
    model.stop_training = False
    # Once for callbacks that look at their state when the training begins, once for those that forget it then.
    continuation.begin(Progress())
    callbacks.on_train_begin()
    progress = continuation.begin(Progress(initial_epoch))
    while progress.epoch < epochs and not continuation.is_over:
        epoch = progress.epoch
        callbacks.on_epoch_begin(epoch)
        if progress.batch:
            # What the callbacks do at the start of an epoch they had done before.
            progress = continuation.begin(progress)
        else:
            progress.order = batches.draw_order()
        means = run_epoch(
            model, step, batches.iterate(progress.order, progress.batch), callbacks, progress, continuation
        )
        logs: dict[str, Any] = {}
        if validate is not None and not model.stop_training:
            logs.update(zip((f"val_{name}" for name in names), validate(), strict=True))
        logs.update(zip(names, means, strict=False))
        callbacks.on_epoch_end(epoch, logs)
        progress = Progress(epoch + 1)
        continuation.offer(progress)
        if model.stop_training:
            break
    callbacks.on_train_end()


def run_epoch(
    model: Any,
    step: Step,
    batches: Iterable[Batch],
    callbacks: CallbackList | None = None,
    progress: Progress | None = None,
    continuation: Continuation | None = None,
) -> list[float]:
    """Run a step on every batch and return the averages of what it gives, weighted by batch size.

    Of metrics that add up over the batches by themselves it is the last value that counts.

    Args:
        model: a compiled model.
        step: gives loss and metrics of one batch.
        batches: the batches.
        callbacks: the `CallbackList` of a training; a callback may stop it within the epoch.
        progress: how far the epoch is already.
        continuation: is offered the state after each batch.
    """
    progress = progress or Progress()
    names = model.metrics_names
    stateful = model._plan.stateful_metrics
    if not progress.batch:
        for metric in stateful.values():
            metric.reset_states()
    means = progress.means
    for number, (size, values) in enumerate(batches, progress.batch):
        if callbacks is not None:
            callbacks.on_batch_begin(number, Logs(batch=number, size=size))
        results = step(values)
        means.add(results, size)
        if callbacks is not None:
            callbacks.on_batch_end(number, make_batch_logs(number, size, names, results))
            if model.stop_training:
                break
        progress.batch = number + 1
        if continuation is not None:
            continuation.offer(progress)
    averages = means.read()
    last = means.read_last()
    for name in stateful if last else ():
        averages[names.index(name)] = last[names.index(name)]
    return averages


def predict_loop(step: Step, batches: Iterable[Batch], rows: int | None) -> list[Any]:
    """Return the outputs for all batches, put together.

    Args:
        step: gives the outputs for one batch.
        batches: the batches.
        rows: how many samples they have, where that is known.
    """
    collector = Collector(rows, keeps=not step.changes_variables)
    for _, values in batches:
        collector.add(step(values))
    return collector.finish()
