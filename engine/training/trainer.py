"""Compiling, training, testing and predicting: the part of a model that manual chapter 4 describes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from engine import callbacks as callbacks_module
from engine import optimizers
from engine.backend.feeding import Column, iterate_batches
from engine.training import steps
from engine.training.batches import show_progress, shuffle_rows
from engine.training.loop import Batch, fit_loop, predict_loop, run_epoch
from engine.training.plan import Plan
from engine.training.standardization import Samples, standardize_inputs, standardize_samples


class Trainer:
    """What a model can do with data."""

    # Given by the network.
    inputs: list[Any]
    outputs: list[Any]
    input_names: list[str]
    output_names: list[str]
    input_layers: list[Any]
    stateful: bool

    # Decided by `compile`.
    optimizer: Any = None
    loss: Any = None
    metrics: Any = None
    loss_weights: Any = None
    sample_weight_mode: Any = None
    weighted_metrics: Any = None
    stop_training = False
    history: Any = None
    _plan: Plan | None = None
    _steps: dict[str, steps.Step]
    _collected_trainable_weights: list[Any]

    def compile(
        self,
        optimizer: Any,
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        sample_weight_mode: Any = None,
        weighted_metrics: Any = None,
        target_tensors: Any = None,
        **kwargs: Any,
    ) -> None:
        """Say how the model is trained.

        Args:
            optimizer: an optimizer or its name.
            loss: a loss or its name; a list or a dict by output name for several outputs.
            metrics: metrics to report; `accuracy` picks the kind that fits the loss. A dict for several outputs.
            loss_weights: the shares of the outputs' losses in the total, as a list or a dict.
            sample_weight_mode: `temporal` for one weight a time step; a list or dict for several outputs.
            weighted_metrics: metrics that sample weights and class weights weigh.
            target_tensors: tensors to use in place of target placeholders.

        Raises:
            ValueError: an argument is unknown or does not fit the model.
        """
        if kwargs:
            raise ValueError(f"`compile` doesn't know the arguments {sorted(kwargs)}.")
        self.optimizer = optimizers.get(optimizer)
        self.loss = loss
        self.metrics = metrics or []
        self.loss_weights = loss_weights
        self.sample_weight_mode = sample_weight_mode
        self.weighted_metrics = weighted_metrics
        self._plan = Plan(
            self,
            self.optimizer,
            loss,
            metrics,
            loss_weights,
            sample_weight_mode,
            weighted_metrics,
            target_tensors,
        )
        self._collected_trainable_weights = list(self.trainable_weights)
        self._steps = {}

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes; given by the network."""
        return []

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` and `train_on_batch` give, the loss first."""
        return self._require_plan().metrics_names

    @property
    def metrics_tensors(self) -> list[Any]:
        """The tensors of the metrics, without the loss."""
        return self._require_plan().metrics_tensors

    @property
    def total_loss(self) -> Any:
        """The tensor that training makes small."""
        return self._require_plan().total_loss

    @property
    def targets(self) -> list[Any]:
        """The tensors of the targets."""
        return [output.target for output in self._require_plan().outputs]

    @property
    def sample_weights(self) -> list[Any]:
        """The tensors of the sample weights."""
        return [output.sample_weights for output in self._require_plan().outputs]

    @property
    def _feed_inputs(self) -> list[Any]:
        return [
            tensor
            for tensor, layer in zip(self.inputs, self.input_layers, strict=True)
            if layer.is_placeholder
        ]

    @property
    def _feed_input_names(self) -> list[str]:
        return [layer.name for layer in self.input_layers if layer.is_placeholder]

    def _require_plan(self) -> Plan:
        if self._plan is None:
            raise RuntimeError(
                "You must compile a model before training/testing. Use `model.compile(optimizer, loss)`."
            )
        return self._plan

    def _step(self, kind: str) -> steps.Step:
        made = self.__dict__.setdefault("_steps", {})
        if kind not in made:
            make: dict[str, Callable[[Any], steps.Step]] = {
                "train": steps.make_train_step,
                "test": steps.make_test_step,
                "predict": steps.make_predict_step,
            }
            made[kind] = make[kind](self)
        return made[kind]

    def _make_columns(self, groups: Sequence[Any], predicting: bool = False) -> list[Column | None]:
        feeds = self._feed_inputs if predicting else [*self._feed_inputs, *self._require_plan().feeds]
        return [
            None if array is None else Column(array, tensor.dtype)
            for array, tensor in zip(groups, feeds, strict=True)
        ]

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
        if x is None and y is None and steps_per_epoch is None:
            raise ValueError(
                "If fitting from data tensors, you should specify the `steps_per_epoch` argument."
            )
        size = 32 if batch_size is None and steps_per_epoch is None else batch_size
        samples = standardize_samples(self, x, y, sample_weight, class_weight, size)
        held_out: Samples | None = None
        if validation_data is not None:
            held_out = self._standardize_validation(validation_data, size)
        elif validation_split and 0.0 < validation_split < 1.0:
            samples, held_out = samples.split(int(samples.rows * (1.0 - validation_split)))
        if steps_per_epoch is None and not samples.rows:
            raise ValueError("There are no samples to train on: the arrays given have no rows.")
        batches = self._make_batches(samples, size, shuffle, steps_per_epoch)
        validate = None
        if held_out is not None or validation_steps:
            validate = self._make_validation(held_out or Samples([], [], []), size, validation_steps)
        callback_list = self._make_callbacks(
            callbacks, verbose, held_out, validate is not None, samples.rows, size, epochs, steps_per_epoch
        )
        fit_loop(self, self._step("train"), batches, callback_list, epochs, initial_epoch, validate)
        return self.history

    def _standardize_validation(self, validation_data: Any, batch_size: int | None) -> Samples:
        if len(validation_data) not in (2, 3):
            raise ValueError(
                "When passing validation_data, it must contain 2 (x_val, y_val) or 3 (x_val, y_val, "
                f"val_sample_weights) items, however it contains {len(validation_data)} items"
            )
        x, y, sample_weight = (*validation_data, None)[:3]
        return standardize_samples(self, x, y, sample_weight, batch_size=batch_size)

    def _make_batches(
        self, samples: Samples, batch_size: int | None, shuffle: bool | str, steps_per_epoch: int | None
    ) -> Callable[[], Iterable[Batch]]:
        columns = self._make_columns(samples.flat)
        if steps_per_epoch is not None:
            whole = [None if column is None else column.slice(0, column.rows) for column in columns]
            return lambda: ((1, whole) for _ in range(steps_per_epoch))
        assert batch_size is not None
        size, rows = batch_size, samples.rows

        def batches() -> Iterable[Batch]:
            order = None
            if shuffle:
                order = np.arange(rows)
                shuffle_rows(order, size if shuffle == "batch" else None)
            return iterate_batches(columns, rows, size, order)

        return batches

    def _make_validation(
        self, samples: Samples, batch_size: int | None, validation_steps: int | None
    ) -> Callable[[], list[float]]:
        batches = self._make_batches(samples, batch_size, False, validation_steps)
        step = self._step("test")
        return lambda: run_epoch(self.metrics_names, step, batches())

    def _make_callbacks(
        self,
        callbacks: Sequence[Any] | None,
        verbose: int,
        held_out: Samples | None,
        do_validation: bool,
        rows: int,
        batch_size: int | None,
        epochs: int,
        steps_per_epoch: int | None,
    ) -> Any:
        names = self.metrics_names
        self.history = callbacks_module.History()
        members: list[Any] = [callbacks_module.BaseLogger(), *(callbacks or [])]
        if verbose:
            members.append(callbacks_module.ProgbarLogger("steps" if steps_per_epoch else "samples"))
        made = callbacks_module.CallbackList([*members, self.history])
        made.set_model(self)
        made.set_params(
            {
                "batch_size": batch_size,
                "epochs": epochs,
                "steps": steps_per_epoch,
                "samples": rows,
                "verbose": verbose,
                "do_validation": do_validation,
                "metrics": [*names, *(f"val_{name}" for name in names)] if do_validation else list(names),
            }
        )
        for callback in made.callbacks:
            callback.validation_data = held_out.flat if held_out is not None else None
        return made

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
        size = 32 if batch_size is None and steps is None else batch_size
        samples = standardize_samples(self, x, y, sample_weight, batch_size=size)
        batches: Iterable[Batch] = self._make_batches(samples, size, False, steps)()
        if verbose:
            batches = show_progress(batches, steps or samples.rows, bool(steps))
        values = run_epoch(self.metrics_names, self._step("test"), batches)
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
        size = 32 if batch_size is None and steps is None else batch_size
        arrays = standardize_inputs(self, x)
        rows = Samples(arrays, [], []).rows
        if self.stateful and size and rows > size and rows % size:
            raise ValueError(
                "In a stateful network, you should only pass inputs with a number of samples that can be divided "
                f"by the batch size. Found: {rows} samples. Batch size: {size}."
            )
        columns = self._make_columns(arrays, predicting=True)
        batches: Any
        if steps is not None:
            whole = [None if column is None else column.slice(0, column.rows) for column in columns]
            batches = ((1, whole) for _ in range(steps))
        else:
            assert size is not None
            batches = iterate_batches(columns, rows, size)
        if verbose:
            batches = show_progress(batches, steps or rows, bool(steps))
        outputs = predict_loop(self._step("predict"), batches, None if steps else rows)
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
        columns = self._make_columns(samples.flat)
        values = [None if column is None else column.slice(0, column.rows) for column in columns]
        results = [
            value.item() if value.ndim == 0 else value.mean().item() for value in self._step(kind)(values)
        ]
        return results[0] if len(results) == 1 else results

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch of inputs."""
        arrays = standardize_inputs(self, x)
        rows = Samples(arrays, [], []).rows
        columns = self._make_columns(arrays, predicting=True)
        outputs = predict_loop(self._step("predict"), iterate_batches(columns, rows, max(rows, 1)), rows)
        return outputs[0] if len(outputs) == 1 else outputs
