"""What users pass to `fit` and its kin as the arrays that a step takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import backend as K
from engine.training import arrays
from engine.training.weights import standardize_by_output, standardize_weights


class Samples:
    """Inputs, targets and weights of one data set, checked against a model.

    Attributes:
        inputs, targets: arrays.
        weights: one array an output, None where each sample weighs one.
        rows: number of samples.
    """

    def __init__(self, inputs: list[Any], targets: list[Any], weights: list[Any]) -> None:
        self.inputs = inputs
        self.targets = targets
        self.weights = weights
        self.rows = arrays.check_lengths(inputs, targets, weights)

    def split(self, at: int) -> tuple[Samples, Samples]:
        """Return the samples before `at` and those from it on."""
        parts = (slice(0, at), slice(at, None))
        before, after = (
            Samples(*([arrays.take_rows(array, part) for array in group] for group in self.groups))
            for part in parts
        )
        return before, after

    @property
    def groups(self) -> tuple[list[Any], list[Any], list[Any]]:
        """Inputs, targets, weights."""
        return self.inputs, self.targets, self.weights

    @property
    def explicit_weights(self) -> list[Any]:
        """The weights, with an array of ones in place of each None."""
        return [np.ones(self.rows) if array is None else array for array in self.weights]

    @property
    def flat(self) -> list[Any]:
        """All arrays in the order in which a step takes them."""
        return [*self.inputs, *self.targets, *self.weights]


def standardize_inputs(model: Any, x: Any) -> list[Any]:
    """Return one array an input of the model.

    Raises:
        ValueError: an array is missing or has the wrong shape.
    """
    shapes = [K.int_shape(tensor) for tensor in model._feed_inputs]
    return arrays.standardize_data(x, model._feed_input_names, shapes, "input")


def check_batch_size(model: Any, rows: int, batch_size: int | None) -> None:
    """Refuse batches that a stateful model can't take: it has a state for each sample of a batch.

    Args:
        model: a model.
        rows: number of samples.
        batch_size: size of the batches that are cut from them; None for one batch.

    Raises:
        ValueError: the batches have different sizes, or another one than the model was built for.
    """
    if not model.stateful or not model._feed_inputs:
        return
    if batch_size and rows > batch_size and rows % batch_size:
        raise ValueError(
            "In a stateful network, you should only pass inputs with a number of samples that can be divided "
            f"by the batch size. Found: {rows} samples. Batch size: {batch_size}."
        )
    size = min(batch_size or rows, rows)
    name, wanted = model._feed_input_names[0], K.int_shape(model._feed_inputs[0])[0]
    if wanted not in (None, size):
        raise ValueError(
            f"Cannot feed a batch of {size} samples to the input {name!r} of a stateful network, which was built "
            f"for batches of {wanted}. Use `batch_size={wanted}`."
        )


def standardize_samples(
    model: Any,
    x: Any,
    y: Any,
    sample_weight: Any = None,
    class_weight: Any = None,
    batch_size: int | None = None,
) -> Samples:
    """Return the checked arrays of a data set.

    Args:
        model: a compiled model.
        x, y, sample_weight, class_weight: as given to `fit`.
        batch_size: size of the batches that will be cut; a stateful model wants whole ones.

    Raises:
        RuntimeError: the model is not compiled.
        ValueError: something does not fit.
    """
    plan = model._require_plan()
    outputs = plan.outputs
    fed = plan.fed_outputs
    inputs = standardize_inputs(model, x)
    targets = arrays.standardize_data(y, [output.name for output in fed], None, "target")
    # First what says most of the cause.
    arrays.check_losses(targets, fed)
    for output, target in zip(fed, targets, strict=True):
        if output.feed_shape is not None:
            arrays.check_shape(output.name, tuple(target.shape), output.feed_shape, "target")
    names = [output.name for output in outputs]
    by_name = dict(zip([output.name for output in fed], targets, strict=True))
    weights = [
        standardize_weights(by_name[output.name], of_samples, of_classes, output.sample_weight_mode)
        if output.name in by_name
        else None
        for output, of_samples, of_classes in zip(
            outputs,
            standardize_by_output(sample_weight, names, "sample_weight"),
            standardize_by_output(class_weight, names, "class_weight"),
            strict=True,
        )
    ]
    samples = Samples(inputs, targets, weights)
    check_batch_size(model, samples.rows, batch_size)
    return samples
