"""Training, testing and predicting on arrays: what manual chapter 4 says of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.legacy.arguments import legacy_arguments
from engine.legacy.method_spellings import TRAINER_METHOD_SPELLINGS
from engine.training import arrays
from engine.training.batches import ArrayBatches, show_progress
from engine.training.fitting import fit_batches
from engine.training.generator_trainer import GeneratorTrainer
from engine.training.loop import predict_loop, run_epoch
from engine.training.standardization import Samples, check_batch_size, standardize_inputs, standardize_samples


@legacy_arguments(TRAINER_METHOD_SPELLINGS)
class Trainer(GeneratorTrainer):
    """What a model can do with data."""

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int = 1,
        callbacks: Sequence[Any] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Train for a number of epochs.

        Args:
            x, y: inputs and targets: an array, a list of arrays, or a dict by name.
            batch_size: samples an update; 32 by default.
            epochs: number of the epoch at which to end.
            verbose: 0 for silence, 1 for a progress bar, 2 for a line an epoch.
            callbacks: callbacks.
            validation_split: share of the data, from its end, to validate on.
            validation_data: `(x, y)` or `(x, y, sample_weights)` to validate on.
            shuffle: whether to shuffle before each epoch; `batch` shuffles whole batches.
            class_weight: a dict from class to weight.
            sample_weight: a weight a sample, or a time step.
            initial_epoch: number of the first epoch, from 0.
            steps_per_epoch: batches an epoch, for models that read from tensors.
            validation_steps: the same for validation.

        Returns:
            A `History`; its `history` has a list a metric.

        Raises:
            RuntimeError: the model is not compiled.
            ValueError: the data does not fit the model.
        """
        if kwargs:
            raise TypeError(f"Unrecognized keyword arguments: {sorted(kwargs)}")
        size = self._choose_batch_size(batch_size, steps_per_epoch, "steps_per_epoch")
        if x is None and y is None and steps_per_epoch is None:
            raise ValueError(
                "If fitting from data tensors, you should specify the `steps_per_epoch` argument."
            )
        if validation_steps and steps_per_epoch is None:
            raise ValueError(
                "Can only use `validation_steps` when doing step-wise training, i.e. `steps_per_epoch` must be set."
            )
        samples = standardize_samples(self, x, y, sample_weight, class_weight, size)
        held_out: Samples | None = None
        if validation_data is not None:
            held_out = self._standardize_validation(validation_data, size)
        elif validation_split and 0.0 < validation_split < 1.0:
            samples, held_out = samples.split(int(samples.rows * (1.0 - validation_split)))
        elif validation_steps:
            held_out = Samples([], [], [None] * len(samples.weights))
        if steps_per_epoch is None and not samples.rows:
            raise ValueError("There are no samples to train on: the arrays given have no rows.")
        return fit_batches(
            self,
            self._make_batches(samples, size, shuffle, steps_per_epoch),
            None if held_out is None else self._make_batches(held_out, size, False, validation_steps),
            {"batch_size": size, "samples": samples.rows},
            callbacks,
            verbose,
            initial_epoch,
            epochs,
            held_out,
        )

    @staticmethod
    def _choose_batch_size(batch_size: int | None, steps: int | None, argument: str) -> int | None:
        if steps is not None and batch_size is not None:
            raise ValueError(f"If `{argument}` is set, the `batch_size` must be None. Found: {batch_size}")
        return 32 if batch_size is None and steps is None else batch_size

    def _standardize_validation(self, validation_data: Any, batch_size: int | None) -> Samples:
        if len(validation_data) not in (2, 3):
            raise ValueError(
                "When passing validation_data, it must contain 2 (x_val, y_val) or 3 (x_val, y_val, "
                f"val_sample_weights) items, however it contains {len(validation_data)} items"
            )
        x, y, sample_weight = (*validation_data, None)[:3]
        return standardize_samples(self, x, y, sample_weight, batch_size=batch_size)

    def _make_batches(
        self, samples: Samples, batch_size: int | None, shuffle: bool | str = False, steps: int | None = None
    ) -> ArrayBatches:
        return ArrayBatches(self._make_columns(samples.flat), samples.rows, batch_size, shuffle, steps)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int = 1,
        sample_weight: Any = None,
        steps: int | None = None,
    ) -> Any:
        """Return the loss and the metrics on some data, in test mode.

        Args:
            x, y, sample_weight: as for `fit`.
            batch_size: samples a batch; 32 by default.
            verbose: 1 for a progress bar, 0 for silence.
            steps: number of batches, for models that read from tensors.

        Returns:
            The loss, or a list of the loss and the metrics in the order of `metrics_names`.
        """
        size = self._choose_batch_size(batch_size, steps, "steps")
        if x is None and y is None and steps is None:
            raise ValueError("If evaluating from data tensors, you should specify the `steps` argument.")
        samples = standardize_samples(self, x, y, sample_weight, batch_size=size)
        batches = self._make_batches(samples, size, steps=steps)
        values = run_epoch(self, self._step("test"), show_progress(batches, verbose))
        return values[0] if len(values) == 1 else values

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: int = 0, steps: int | None = None
    ) -> Any:
        """Return the outputs for some inputs, in test mode.

        Args:
            x: an array, a list of arrays, or a dict by input name.
            batch_size: samples a batch; 32 by default.
            verbose: 1 for a progress bar.
            steps: number of batches, for models that read from tensors.

        Returns:
            An array, or a list of arrays for several outputs.

        Raises:
            ValueError: the data does not fit the model.
        """
        size = self._choose_batch_size(batch_size, steps, "steps")
        if x is None and steps is None:
            raise ValueError("If predicting from data tensors, you should specify the `steps` argument.")
        inputs = standardize_inputs(self, x)
        rows = arrays.check_lengths(inputs, [])
        check_batch_size(self, rows, size)
        batches = ArrayBatches(self._make_columns(inputs, predicting=True), rows, size, steps=steps)
        outputs = predict_loop(
            self._step("predict"), show_progress(batches, verbose), None if steps else rows
        )
        return outputs[0] if len(outputs) == 1 else outputs

    def train_on_batch(self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None) -> Any:
        """Train on one batch.

        Args:
            x, y, sample_weight, class_weight: as for `fit`.

        Returns:
            The loss, or a list of the loss and the metrics in the order of `metrics_names`.
        """
        return self._run_on_batch("train", standardize_samples(self, x, y, sample_weight, class_weight))

    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None) -> Any:
        """Return the loss and the metrics on one batch, in test mode; as `train_on_batch`."""
        return self._run_on_batch("test", standardize_samples(self, x, y, sample_weight))

    def _run_on_batch(self, kind: str, samples: Samples) -> Any:
        values = self._step(kind)(self._make_batch(samples.flat))
        results = [(value if value.ndim == 0 else value.mean()).item() for value in values]
        return results[0] if len(results) == 1 else results

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch of inputs."""
        inputs = standardize_inputs(self, x)
        rows = arrays.check_lengths(inputs, [])
        check_batch_size(self, rows, None)
        batch = (rows, self._make_batch(inputs, predicting=True))
        outputs = predict_loop(self._step("predict"), [batch], None)
        return outputs[0] if len(outputs) == 1 else outputs
