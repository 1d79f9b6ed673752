"""Training, testing and predicting on what generators and Sequences give (manual, sections 4.3.3.8 to 4.3.3.10)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from engine import backend as K
from engine.legacy.arguments import legacy_arguments
from engine.legacy.method_spellings import TRAINER_METHOD_SPELLINGS
from engine.training.arrays import check_lengths
from engine.training.batches import ArrayBatches, Batch, BatchSource, EnqueuedBatches, show_progress
from engine.training.compilation import Compilation
from engine.training.enqueuer import make_enqueuer
from engine.training.fitting import fit_batches
from engine.training.loop import predict_loop, run_epoch
from engine.training.sequence import Sequence as BatchSequence
from engine.training.standardization import Samples, check_batch_size, standardize_inputs, standardize_samples


@legacy_arguments(TRAINER_METHOD_SPELLINGS)
class GeneratorTrainer(Compilation):
    """What a model can do with data that comes batch by batch."""

    def fit_generator(
        self,
        generator: Any,
        steps_per_epoch: int | None = None,
        epochs: int = 1,
        verbose: int = 1,
        callbacks: Sequence[Any] | None = None,
        validation_data: Any = None,
        validation_steps: int | None = None,
        class_weight: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        shuffle: bool = True,
        initial_epoch: int = 0,
    ) -> Any:
        """Train on batches that a generator or a Sequence gives; they are made while the model trains.

        Args:
            generator: gives `(x, y)` or `(x, y, sample_weights)` for one batch; a generator must not end.
            steps_per_epoch: batches an epoch; the length of a Sequence by default.
            epochs: number of the epoch at which to end.
            verbose: 0 for silence, 1 for a progress bar, 2 for a line an epoch.
            callbacks: callbacks.
            validation_data: a generator or Sequence as above, or `(x, y)` or `(x, y, sample_weights)`.
            validation_steps: batches of a validation generator; the length of a Sequence by default.
            class_weight: a dict from class to weight.
            max_queue_size: how many batches are made ahead at most.
            workers: threads or processes that make batches; 0 makes them between the steps.
            use_multiprocessing: whether the workers of a Sequence are processes.
            shuffle: whether to draw the order of a Sequence's batches anew for each epoch.
            initial_epoch: number of the first epoch, from 0.

        Returns:
            A `History`.

        Raises:
            RuntimeError: the model is not compiled.
            ValueError: a batch does not fit the model, or the number of batches is not known.
        """
        self._require_plan()
        steps = _count_steps(generator, steps_per_epoch, "steps_per_epoch")
        queue = (max_queue_size, workers, use_multiprocessing)
        with ExitStack() as stack:
            train = stack.enter_context(
                _open_batches(
                    generator, steps, lambda item: self._convert_samples(item, class_weight), queue, shuffle
                )
            )
            validation: BatchSource | None = None
            held_out: Samples | None = None
            if _is_generator(validation_data):
                steps = _count_steps(validation_data, validation_steps, "validation_steps")
                validation = stack.enter_context(
                    _open_batches(validation_data, steps, self._convert_samples, queue, rewinds=True)
                )
            elif validation_data is not None:
                size = (K.int_shape(self._feed_inputs[0])[0] if self.stateful else None) or 32
                held_out = self._standardize_held_out(validation_data, size)
                validation = ArrayBatches(self._make_columns(held_out.flat), held_out.rows, size)
            return fit_batches(
                self, train, validation, {}, callbacks, verbose, initial_epoch, epochs, held_out
            )

    def evaluate_generator(
        self,
        generator: Any,
        steps: int | None = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> Any:
        """Return the loss and the metrics on batches that a generator or a Sequence gives.

        Args:
            generator: gives `(x, y)` or `(x, y, sample_weights)` for one batch.
            steps: number of batches; the length of a Sequence by default.
            max_queue_size, workers, use_multiprocessing: as for `fit_generator`.

        Returns:
            The loss, or a list of the loss and the metrics in the order of `metrics_names`.

        Raises:
            ValueError: a batch does not fit the model, or the number of batches is not known.
        """
        self._require_plan()
        count = _count_steps(generator, steps, "steps")
        queue = (max_queue_size, workers, use_multiprocessing)
        with _open_batches(generator, count, self._convert_samples, queue, rewinds=True) as batches:
            values = run_epoch(self, self._step("test"), batches)
        return values[0] if len(values) == 1 else values

    def predict_generator(
        self,
        generator: Any,
        steps: int | None = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        verbose: int = 0,
    ) -> Any:
        """Return the outputs for batches that a generator or a Sequence gives.

        Args:
            generator: gives inputs, or tuples that begin with them.
            steps: number of batches; the length of a Sequence by default.
            max_queue_size, workers, use_multiprocessing: as for `fit_generator`.
            verbose: 1 for a progress bar.

        Returns:
            An array, or a list of arrays for several outputs.

        Raises:
            ValueError: a batch does not fit the model, or the number of batches is not known.
        """
        count = _count_steps(generator, steps, "steps")
        queue = (max_queue_size, workers, use_multiprocessing)
        with _open_batches(generator, count, self._convert_inputs, queue, rewinds=True) as batches:
            outputs = predict_loop(self._step("predict"), show_progress(batches, verbose), None)
        return outputs[0] if len(outputs) == 1 else outputs

    def _standardize_held_out(self, validation_data: Any, batch_size: int) -> Samples:
        if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
            raise ValueError(
                "`validation_data` should be a tuple `(val_x, val_y, val_sample_weight)` or `(val_x, val_y)`. "
                f"Found: {validation_data!r}"
            )
        x, y, sample_weight = (*validation_data, None)[:3]
        return standardize_samples(self, x, y, sample_weight, batch_size=batch_size)

    def _convert_samples(self, item: Any, class_weight: Any = None) -> Batch:
        """Return the batch of what a generator of training data gave."""
        if not isinstance(item, (tuple, list)) or len(item) not in (2, 3):
            raise ValueError(
                "Output of generator should be a tuple `(x, y, sample_weight)` or `(x, y)`. Found: "
                f"{_shorten(item)}"
            )
        x, y, sample_weight = (*item, None)[:3]
        samples = standardize_samples(self, x, y, sample_weight, class_weight)
        return samples.rows, self._make_batch(samples.flat)

    def _convert_inputs(self, item: Any) -> Batch:
        """Return the batch of what a generator of inputs gave."""
        if isinstance(item, tuple):
            if len(item) not in (2, 3):
                raise ValueError(
                    "Output of generator should be a tuple `(x, y, sample_weight)` or `(x, y)`, or the inputs "
                    f"alone. Found: {_shorten(item)}"
                )
            item = item[0]
        inputs = standardize_inputs(self, item)
        rows = check_lengths(inputs, [])
        check_batch_size(self, rows, None)
        return rows, self._make_batch(inputs, predicting=True)


def _is_generator(data: Any) -> bool:
    return hasattr(data, "__next__") or isinstance(data, BatchSequence)


def _count_steps(generator: Any, steps: float | None, argument: str) -> int:
    """Return how many batches an epoch has."""
    if steps is not None:
        # Scripts compute it as `samples / batch_size`.
        return math.ceil(steps)
    if isinstance(generator, BatchSequence):
        return len(generator)
    raise ValueError(
        f"`{argument}=None` is only valid for a generator based on the `keras.utils.Sequence` class. Please "
        f"specify `{argument}` or use the `keras.utils.Sequence` class. Found: {type(generator).__name__}"
    )


@contextmanager
def _open_batches(
    generator: Any,
    steps: int,
    convert: Callable[[Any], Batch],
    queue: tuple[int, int, bool],
    shuffle: bool = False,
    rewinds: bool = False,
) -> Iterator[EnqueuedBatches]:
    """Give the batches of a generator or Sequence, made ahead by workers that end with the block."""
    if not _is_generator(generator):
        raise ValueError(
            "The data must come from a generator or a `keras.utils.Sequence`. Found: "
            f"{type(generator).__name__}"
        )
    max_queue_size, workers, use_multiprocessing = queue
    enqueuer = make_enqueuer(generator, use_multiprocessing, shuffle)
    enqueuer.start(workers, max_queue_size)
    try:
        yield EnqueuedBatches(enqueuer, steps, convert, rewinds)
    finally:
        enqueuer.stop()


def _shorten(item: Any) -> str:
    text = repr(item)
    return text if len(text) <= 200 else f"{text[:200]}..."
