"""Checks of data against a compiled model by shapes alone, before any data is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import backend as K
from engine.graph.tensor import Shape
from engine.training import arrays


def check_fit(model: Any, x_shapes: Mapping[str, Shape], y_shapes: Mapping[str, Shape]) -> None:
    """Compare the shapes of data with what a compiled model takes.

    Args:
        model: a compiled model.
        x_shapes: shapes by input name, rows included; the first size may be None.
        y_shapes: shapes by output name, likewise.

    Raises:
        ValueError: they do not fit, in the words of `fit`.
    """
    for name, tensor in zip(model._feed_input_names, model._feed_inputs, strict=True):
        _check(name, x_shapes, K.int_shape(tensor), "input")
    for output in model._plan.fed_outputs:
        if output.feed_shape is not None:
            _check(output.name, y_shapes, output.feed_shape, "target")


def _check(name: str, shapes: Mapping[str, Shape], expected: Shape, kind: str) -> None:
    if name not in shapes:
        raise ValueError(f'No data provided for "{name}". Need data for each key in: {sorted(shapes)}')
    found = shapes[name]
    found = (*found, 1) if len(found) == 1 else found
    arrays.check_shape(name, tuple(-1 if size is None else size for size in found), expected, kind)
