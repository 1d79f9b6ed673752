"""What users pass to `fit` and its kin as the arrays that a step takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import backend as K
from engine.training import arrays


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


def standardize_inputs(model: Any, x: Any, check_batch_size: bool = False) -> list[Any]:
    """Return one array an input of the model.

    Raises:
        ValueError: an array is missing or has the wrong shape.
    """
    shapes = [K.int_shape(tensor) for tensor in model._feed_inputs]
    inputs = arrays.standardize_data(x, model._feed_input_names, shapes, "input")
    if check_batch_size:
        for name, array, shape in zip(model._feed_input_names, inputs, shapes, strict=True):
            if shape[0] is not None and array.shape[0] != shape[0]:
                raise ValueError(
                    f"Error when checking input: expected {name} to have a batch of {shape[0]} samples, but got "
                    f"array with shape {tuple(array.shape)}"
                )
    return inputs


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
        arrays.standardize_weights(by_name[output.name], of_samples, of_classes, output.sample_weight_mode)
        if output.name in by_name
        else None
        for output, of_samples, of_classes in zip(
            outputs,
            arrays.standardize_by_output(sample_weight, names, "sample_weight"),
            arrays.standardize_by_output(class_weight, names, "class_weight"),
            strict=True,
        )
    ]
    samples = Samples(inputs, targets, weights)
    if model.stateful and batch_size and samples.rows % batch_size:
        raise ValueError(
            "In a stateful network, you should only pass inputs with a number of samples that can be divided "
            f"by the batch size. Found: {samples.rows} samples. Batch size: {batch_size}."
        )
    return samples
