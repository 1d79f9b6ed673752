"""The base of all layers: weights, calls, masks, losses, updates and the nodes that join layers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine import initializers
from engine.graph import Node
from engine.graph.tensor import Shape
from engine.layers.connections import Connections
from engine.layers.input_spec import InputSpec
from engine.legacy.arguments import legacy_arguments
from engine.legacy.method_spellings import LAYER_METHOD_SPELLINGS

__all__ = ["InputSpec", "Layer"]

_KNOWN_ARGUMENTS = (
    "input_shape",
    "batch_input_shape",
    "batch_size",
    "dtype",
    "name",
    "trainable",
    "weights",
    "input_dtype",
)


def to_list(x: Any) -> list[Any]:
    """Return `x` as a list, a single value as a list of one."""
    return list(x) if isinstance(x, (list, tuple)) else [x]


def unpack_singleton(x: list[Any]) -> Any:
    """Return the only item of a list of one, and any other list as it is."""
    return x[0] if len(x) == 1 else x


def to_snake_case(name: str) -> str:
    """Return `conv2d` for `Conv2D` and `p_re_lu` for `PReLU`, as layers are named."""
    spaced = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    snake = re.sub("([a-z])([A-Z])", r"\1_\2", spaced).lower()
    return "private" + snake if snake[0] == "_" else snake


def accepts_argument(function: Any, name: str) -> bool:
    """Tell whether a function names an argument."""
    return name in inspect.signature(function).parameters


def is_shape_list(shape: Any) -> bool:
    """Tell whether `shape` is a list of shapes and not one shape."""
    return isinstance(shape, list) and bool(shape) and isinstance(shape[0], (list, tuple))


@legacy_arguments(LAYER_METHOD_SPELLINGS)
class Layer(Connections):
    """A function of tensors with weights of its own.

    A layer of one's own overrides `build` to make weights, `call` to compute, and `get_config` to be saved;
    `compute_output_shape` only where the shape can't be seen from the computation.

    Args:
        name: a name, unique in a model; made from the class's name by default.
        trainable: whether training changes the weights.
        input_shape: shape of a sample, for the first layer of a Sequential model.
        batch_input_shape: the same with the batch's size in front.
        batch_size: the batch's size alone.
        dtype: element type of the input.
        weights: first values of the weights, as NumPy arrays.

    Raises:
        TypeError: an argument is unknown.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        for argument in kwargs:
            if argument not in _KNOWN_ARGUMENTS:
                raise TypeError(f"Keyword argument not understood: {argument!r} (of {type(self).__name__})")
        self.input_spec: Any = None
        self.supports_masking = getattr(type(self), "supports_masking", False)
        self.stateful = False
        self.built = False
        self._trainable_weights: list[Any] = []
        self._non_trainable_weights: list[Any] = []
        self.name = kwargs.get("name") or self._make_name()
        self.trainable = kwargs.get("trainable", True)
        self._initial_weights = kwargs.get("weights")
        if "batch_input_shape" in kwargs or "input_shape" in kwargs:
            if kwargs.get("batch_input_shape") is not None:
                shape = tuple(kwargs["batch_input_shape"])
            else:
                given = kwargs["input_shape"]
                shape = (kwargs.get("batch_size"), *(given if isinstance(given, (list, tuple)) else (given,)))
            self.batch_input_shape: Shape = shape
            self.dtype = kwargs.get("dtype") or kwargs.get("input_dtype") or K.floatx()

    def _make_name(self) -> str:
        prefix = to_snake_case(type(self).__name__)
        return f"{prefix}_{K.get_uid(prefix)}"

    # What subclasses override.

    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, before the first `call`."""
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; `mask` and `training` are passed where the signature names them."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's static shape."""
        return input_shape

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the output's mask.

        Raises:
            TypeError: there is a mask and the layer does not support masking.
        """
        if self.supports_masking:
            return mask
        if any(item is not None for item in to_list(mask)):
            raise TypeError(
                f"Layer {self.name} does not support masking, but was passed an input_mask: {mask}"
            )
        return None

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        if hasattr(self, "batch_input_shape"):
            config["batch_input_shape"] = self.batch_input_shape
        if hasattr(self, "dtype"):
            config["dtype"] = self.dtype
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a layer from its configuration; weights are not part of it."""
        return cls(**config)

    # Weights.

    def add_weight(
        self,
        name: str,
        shape: Sequence[int],
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool = True,
        constraint: Any = None,
    ) -> Any:
        """Make a weight of the layer.

        Args:
            name: its name within the layer.
            shape: its shape.
            dtype: element type; `floatx` by default.
            initializer: an initializer or its name.
            regularizer: a function of the weight whose result is added to the loss.
            trainable: whether training changes it.
            constraint: a function applied to it after each step.

        Returns:
            The variable.
        """
        initialize = initializers.get(initializer or "glorot_uniform")
        dtype = dtype or K.floatx()
        shape = tuple(shape)
        weight = K.late_variable(
            shape,
            lambda: _call_initializer(initialize, shape, dtype),
            dtype,
            name,
            constraint,
            trainable,
            adopt=initializers.gives_new_tensors(initialize),
        )
        if regularizer is not None:
            with K.name_scope("weight_regularizer"):
                self.add_loss(regularizer(weight))
        (self._trainable_weights if trainable else self._non_trainable_weights).append(weight)
        return weight

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes."""
        return self._trainable_weights if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other weights."""
        if self.trainable:
            return self._non_trainable_weights
        return self._trainable_weights + self._non_trainable_weights

    @property
    def weights(self) -> list[Any]:
        """All weights, trainable ones first."""
        return self.trainable_weights + self.non_trainable_weights

    def get_weights(self) -> list[Any]:
        """Return the values of the weights as NumPy arrays."""
        return K.batch_get_value(self.weights)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the values of the weights, in the order of `get_weights`.

        Raises:
            ValueError: their number or a shape is wrong.
        """
        variables = self.weights
        if len(variables) != len(weights):
            raise ValueError(
                f'You called `set_weights(weights)` on layer "{self.name}" with a weight list of length '
                f"{len(weights)}, but the layer was expecting {len(variables)} weights."
            )
        for variable, value in zip(variables, weights, strict=True):
            if tuple(variable.shape) != tuple(getattr(value, "shape", ())):
                raise ValueError(
                    f"Layer weight shape {tuple(variable.shape)} not compatible with provided weight shape "
                    f"{tuple(getattr(value, 'shape', ()))} for {variable.name!r}"
                )
        K.batch_set_value(list(zip(variables, weights, strict=True)))

    def count_params(self) -> int:
        """Return the number of elements of all weights.

        Raises:
            RuntimeError: the layer has no weights yet.
        """
        if not self.built:
            raise RuntimeError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't built. Build it by "
                "`build(batch_input_shape)` or by calling it."
            )
        return sum(K.count_params(weight) for weight in self.weights)

    # Calls.

    def assert_input_compatibility(self, inputs: Any) -> None:
        """Compare the inputs with `input_spec`.

        Raises:
            ValueError: they do not meet it.
        """
        inputs = to_list(inputs)
        for tensor in inputs:
            if not K.is_tensor(tensor):
                raise ValueError(
                    f"Layer {self.name} was called with an input that isn't a symbolic tensor. "
                    f"Received type: {type(tensor)}. Full input: {inputs}. All inputs to the layer should "
                    "be tensors."
                )
        if not self.input_spec:
            return
        specs = to_list(self.input_spec)
        if len(inputs) != len(specs):
            raise ValueError(
                f"Layer {self.name} expects {len(specs)} inputs, but it received {len(inputs)} input tensors. "
                f"Input received: {inputs}"
            )
        for index, (tensor, spec) in enumerate(zip(inputs, specs, strict=True)):
            if spec is not None:
                spec.check(tensor, self.name, index)

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:
        """Call the layer on tensors, building it first where this is the first call.

        Args:
            inputs: a tensor or a list of tensors.
            kwargs: passed on to `call`.

        Returns:
            The output tensor or tensors, which remember the layer.
        """
        inputs = list(inputs) if isinstance(inputs, tuple) else inputs
        with K.name_scope(self.name):
            self._build_once(inputs)
            self.assert_input_compatibility(inputs)
            arguments = dict(kwargs)
            previous_mask = self._collect_masks(inputs)
            if "mask" in kwargs:
                previous_mask = kwargs["mask"]
            elif any(mask is not None for mask in to_list(previous_mask)) and accepts_argument(
                self.call, "mask"
            ):
                kwargs["mask"] = previous_mask
            outputs = self._copy_passed_through(self.call(inputs, **kwargs), inputs)
            masks = self.compute_mask(inputs, previous_mask)
            self._set_static_shapes(inputs, outputs)
            self._add_node(inputs, outputs, previous_mask, masks, arguments)
            self._regularize_activity(inputs, outputs)
        return outputs

    def _build_once(self, inputs: Any) -> None:
        if self.built:
            return
        self.assert_input_compatibility(inputs)
        self.build(unpack_singleton([K.int_shape(tensor) for tensor in to_list(inputs)]))
        self.built = True
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)
            self._initial_weights = None

    @staticmethod
    def _copy_passed_through(outputs: Any, inputs: Any) -> Any:
        """Give an output that is an input an identity of its own, since it gets a history of its own."""
        given = {id(tensor) for tensor in to_list(inputs)}
        copied = [K.identity(tensor) if id(tensor) in given else tensor for tensor in to_list(outputs)]
        return copied if isinstance(outputs, (list, tuple)) else copied[0]

    def _set_static_shapes(self, inputs: Any, outputs: Any) -> None:
        """Let `compute_output_shape` fill in what shape inference left unknown."""
        shape = self.compute_output_shape(
            unpack_singleton([K.int_shape(tensor) for tensor in to_list(inputs)])
        )
        shapes = shape if is_shape_list(shape) else [shape]
        for tensor, stated in zip(to_list(outputs), shapes, strict=False):
            if stated is not None and len(stated) == len(tensor.shape):
                tensor.shape = tuple(
                    declared if size is None else size
                    for size, declared in zip(tensor.shape, stated, strict=True)
                )

    def _add_node(
        self, inputs: Any, outputs: Any, input_masks: Any, output_masks: Any, arguments: dict[str, Any]
    ) -> None:
        input_tensors, output_tensors = to_list(inputs), to_list(outputs)
        histories: list[Any] = [
            getattr(tensor, "_keras_history", None) or (None, None, None) for tensor in input_tensors
        ]
        node_index = len(self._inbound_nodes)
        Node(
            self,
            [layer for layer, _, _ in histories if layer is not None],
            [index for layer, index, _ in histories if layer is not None],
            [index for layer, _, index in histories if layer is not None],
            input_tensors,
            output_tensors,
            _spread(input_masks, len(input_tensors)),
            _spread(output_masks, len(output_tensors)),
            [K.int_shape(tensor) for tensor in input_tensors],
            [K.int_shape(tensor) for tensor in output_tensors],
            arguments,
        )
        for index, tensor in enumerate(output_tensors):
            tensor._keras_history = (self, node_index, index)

    @staticmethod
    def _collect_masks(inputs: Any) -> Any:
        """Return the masks that the layers before gave along with `inputs`."""
        masks: list[Any] = []
        for tensor in to_list(inputs):
            history = getattr(tensor, "_keras_history", None)
            if history is None:
                masks.append(None)
            else:
                layer, node_index, tensor_index = history
                masks.append(layer._inbound_nodes[node_index].output_masks[tensor_index])
        return masks if isinstance(inputs, list) else masks[0]

    def _regularize_activity(self, inputs: Any, outputs: Any) -> None:
        regularizer = getattr(self, "activity_regularizer", None)
        if regularizer is not None:
            with K.name_scope("activity_regularizer"):
                self.add_loss([regularizer(tensor) for tensor in to_list(outputs)], to_list(inputs))


def _spread(masks: Any, count: int) -> list[Any]:
    """Return one mask for each of `count` tensors."""
    masks = to_list(masks)
    return masks if len(masks) == count else masks * count if len(masks) == 1 else [None] * count


def _call_initializer(initializer: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    if accepts_argument(initializer, "dtype"):
        return initializer(shape, dtype=dtype)
    return initializer(shape)
