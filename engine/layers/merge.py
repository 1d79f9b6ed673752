"""Layers that join several tensors into one (manual, section 5.8)."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from engine import backend as K
from engine.graph.tensor import Shape
from engine.layers.base import Layer, is_shape_list
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.sizes import check_axis


def _broadcast_shapes(first: Shape, second: Shape) -> Shape:
    """Return the shape of an elementwise operation of two shapes without their batch axes.

    Raises:
        ValueError: two sizes differ and neither is 1.
    """
    if len(second) > len(first):
        first, second = second, first
    offset = len(first) - len(second)
    sizes = list(first[:offset])
    for one, other in zip(first[offset:], second, strict=True):
        if one is None or other is None:
            sizes.append(None)
        elif one == 1 or other == 1 or one == other:
            sizes.append(other if one == 1 else one)
        else:
            raise ValueError(f"Operands could not be broadcast together with shapes {first} {second}")
    return tuple(sizes)


def _check_inputs(layer: Layer, input_shape: Any, minimum: int = 2) -> None:
    if not is_shape_list(input_shape) or len(input_shape) < minimum:
        raise ValueError(
            f"A merge layer ({layer.name}) should be called on a list of at least {minimum} inputs. "
            f"Got the input shape {input_shape}."
        )


class _Merge(Layer):
    """Join tensors elementwise; sizes of 1 and missing axes are broadcast."""

    supports_masking = True
    # How many tensors the layer takes; any number from 2 where None.
    input_count: int | None = None

    def _merge_function(self, inputs: list[Any]) -> Any:
        raise TypeError(f"{type(self).__name__} does not say how it joins its inputs.")

    def build(self, input_shape: Any) -> None:
        """Compare the shapes.

        Raises:
            ValueError: they can't be joined.
        """
        _check_inputs(self, input_shape)
        if self.input_count not in (None, len(input_shape)):
            raise ValueError(
                f"A `{type(self).__name__}` layer should be called on exactly {self.input_count} inputs. "
                f"Got {len(input_shape)}."
            )
        batch_sizes = {shape[0] for shape in input_shape} - {None}
        if len(batch_sizes) > 1:
            raise ValueError(
                f"Can not merge tensors with different batch sizes. Got tensors with shapes: {input_shape}"
            )
        self.compute_output_shape(input_shape)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the inputs joined."""
        rank = max(K.ndim(x) for x in inputs)
        aligned = []
        for x in inputs:
            for _ in range(rank - K.ndim(x)):
                x = K.expand_dims(x, axis=1)
            aligned.append(x)
        return self._merge_function(aligned)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape to which all inputs are broadcast."""
        sizes = functools.reduce(_broadcast_shapes, [tuple(shape[1:]) for shape in input_shape])
        batch_sizes = {shape[0] for shape in input_shape} - {None}
        return (batch_sizes.pop() if len(batch_sizes) == 1 else None, *sizes)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return where no input is masked.

        Raises:
            ValueError: there is not one mask an input.
        """
        if mask is None:
            return None
        if not isinstance(mask, list) or not isinstance(inputs, list) or len(mask) != len(inputs):
            raise ValueError(
                f"A merge layer ({self.name}) needs a list of as many masks as inputs. Found: {mask}"
            )
        masks = [K.expand_dims(item, 0) for item in mask if item is not None]
        return K.all(K.concatenate(masks, axis=0), axis=0, keepdims=False) if masks else None


def _fold(function: Callable[[Any, Any], Any], inputs: Sequence[Any]) -> Any:
    return functools.reduce(function, inputs)


@register_layer()
class Add(_Merge):
    """Add tensors of the same shape.

    Shapes:
        A list of `(batch, ...)` to `(batch, ...)`.
    """

    def _merge_function(self, inputs: list[Any]) -> Any:
        return _fold(lambda a, b: a + b, inputs)


@register_layer()
class Subtract(_Merge):
    """Subtract the second of two tensors from the first.

    Shapes:
        Two of `(batch, ...)` to `(batch, ...)`.
    """

    input_count = 2

    def _merge_function(self, inputs: list[Any]) -> Any:
        return inputs[0] - inputs[1]


@register_layer()
class Multiply(_Merge):
    """Multiply tensors of the same shape, element by element.

    Shapes:
        A list of `(batch, ...)` to `(batch, ...)`.
    """

    def _merge_function(self, inputs: list[Any]) -> Any:
        return _fold(lambda a, b: a * b, inputs)


@register_layer()
class Average(_Merge):
    """Average tensors of the same shape.

    Shapes:
        A list of `(batch, ...)` to `(batch, ...)`.
    """

    def _merge_function(self, inputs: list[Any]) -> Any:
        return _fold(lambda a, b: a + b, inputs) / len(inputs)


@register_layer()
class Maximum(_Merge):
    """Take the greatest of tensors of the same shape, element by element.

    Shapes:
        A list of `(batch, ...)` to `(batch, ...)`.
    """

    def _merge_function(self, inputs: list[Any]) -> Any:
        return _fold(K.maximum, inputs)


@register_layer()
class Minimum(_Merge):
    """Take the least of tensors of the same shape, element by element.

    Shapes:
        A list of `(batch, ...)` to `(batch, ...)`.
    """

    def _merge_function(self, inputs: list[Any]) -> Any:
        return _fold(K.minimum, inputs)


@register_layer()
class Concatenate(_Merge):
    """Lay tensors behind one another.

    Args:
        axis: the axis along which they are laid.

    Shapes:
        A list of shapes that agree but for `axis`, to that shape with the sizes along `axis` added.
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        """Compare the shapes.

        Raises:
            ValueError: they differ in more than the axis.
        """
        _check_inputs(self, input_shape)
        check_axis(self.axis, min(len(shape) for shape in input_shape), self.name)
        others = {
            tuple(size for axis, size in enumerate(shape) if axis != self.axis % len(shape))
            for shape in input_shape
        }
        for one, other in itertools.combinations(others, 2):
            if len(one) != len(other) or any(
                a != b for a, b in zip(one, other, strict=True) if a is not None and b is not None
            ):
                raise ValueError(
                    "A `Concatenate` layer requires inputs with matching shapes except for the concat axis. "
                    f"Got inputs shapes: {input_shape}"
                )
        self.built = True

    def _merge_function(self, inputs: list[Any]) -> Any:
        return K.concatenate(inputs, axis=self.axis)

    def call(self, inputs: Any) -> Any:
        """Return the inputs laid behind one another."""
        return self._merge_function(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the first shape with the sizes along the axis added.

        Raises:
            ValueError: there is only one shape.
        """
        _check_inputs(self, input_shape, minimum=1)
        along = [shape[self.axis] for shape in input_shape]
        output_shape = list(input_shape[0])
        output_shape[self.axis] = None if None in along else sum(along)
        return tuple(output_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the masks laid behind one another."""
        if mask is None or all(item is None for item in mask):
            return None
        if len(mask) != len(inputs):
            raise ValueError(f"The lists of inputs and masks of {self.name} should have the same length.")
        masks = []
        for x, item in zip(inputs, mask, strict=True):
            if item is None:
                masks.append(K.cast(K.ones_like(x), "bool"))
            elif K.ndim(item) < K.ndim(x):
                # The layer may lie along the axis that the mask lacks.
                wide = K.cast(K.ones_like(x), "bool")
                masks.append(K.all(K.stack([wide, K.equal(K.expand_dims(item), wide)], axis=0), axis=0))
            else:
                masks.append(item)
        return K.all(K.concatenate(masks, axis=self.axis), axis=-1, keepdims=False)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "axis")}


@register_layer()
class Dot(_Merge):
    """Multiply two tensors sample by sample, summing over an axis of each.

    Args:
        axes: the axis of both, or a pair of axes.
        normalize: whether both are first divided by their l2 norm along the axis, which gives the cosine
            proximity.

    Shapes:
        `(batch, a, n)` and `(batch, n, b)` with axes (2, 1) to `(batch, a, b)`; two of `(batch, n)` to
        `(batch, 1)`.

    Raises:
        TypeError: `axes` is neither an integer nor a pair of integers.
    """

    input_count = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = (axes, axes) if isinstance(axes, int) else axes
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(isinstance(i, int) for i in pair):
            raise TypeError(
                f"Invalid `axes` of Dot: it should be an integer or two of them. Received: {axes!r}"
            )
        self.axes = axes
        self.normalize = normalize

    def _resolve_axes(self, ranks: Sequence[int]) -> list[int]:
        pair = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return [axis % rank if axis < 0 else axis for axis, rank in zip(pair, ranks, strict=True)]

    def build(self, input_shape: Any) -> None:
        """Compare the sizes along the axes.

        Raises:
            ValueError: they differ, or there are not two inputs.
        """
        if not is_shape_list(input_shape) or len(input_shape) != 2:
            raise ValueError("A `Dot` layer should be called on a list of 2 inputs.")
        first, second = input_shape
        axes = self._resolve_axes([len(first), len(second)])
        for axis, shape in zip(axes, input_shape, strict=True):
            check_axis(axis, len(shape), self.name)
        if None not in (first[axes[0]], second[axes[1]]) and first[axes[0]] != second[axes[1]]:
            raise ValueError(
                f"Dimension incompatibility {first[axes[0]]} != {second[axes[1]]}. "
                f"Layer shapes: {first}, {second}"
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the products."""
        first, second = inputs
        axes = self._resolve_axes([K.ndim(first), K.ndim(second)])
        if self.normalize:
            first = K.l2_normalize(first, axis=axes[0])
            second = K.l2_normalize(second, axis=axes[1])
        return K.batch_dot(first, second, axes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the sizes that are not summed over."""
        first, second = (list(shape) for shape in input_shape)
        axes = self._resolve_axes([len(first), len(second)])
        first.pop(axes[0])
        second.pop(axes[1])
        shape = (*first, *second[1:])
        return (*shape, 1) if len(shape) == 1 else shape

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Return None: masks end here."""
        return

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "axes", "normalize")}


def add(inputs: list[Any], **kwargs: Any) -> Any:
    """Add tensors; `kwargs` are the layer's."""
    return Add(**kwargs)(inputs)


def subtract(inputs: list[Any], **kwargs: Any) -> Any:
    """Subtract the second of two tensors from the first; `kwargs` are the layer's."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: list[Any], **kwargs: Any) -> Any:
    """Multiply tensors, element by element; `kwargs` are the layer's."""
    return Multiply(**kwargs)(inputs)


def average(inputs: list[Any], **kwargs: Any) -> Any:
    """Average tensors; `kwargs` are the layer's."""
    return Average(**kwargs)(inputs)


def maximum(inputs: list[Any], **kwargs: Any) -> Any:
    """Take the greatest of tensors, element by element; `kwargs` are the layer's."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: list[Any], **kwargs: Any) -> Any:
    """Take the least of tensors, element by element; `kwargs` are the layer's."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: list[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Lay tensors behind one another along `axis`; `kwargs` are the layer's."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: list[Any], axes: Any, normalize: bool = False, **kwargs: Any) -> Any:
    """Multiply two tensors sample by sample; arguments as for `Dot`."""
    return Dot(axes=axes, normalize=normalize, **kwargs)(inputs)
