"""A model as a stack of layers."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.layers import registry
from engine.layers.base import Layer
from engine.layers.connections import unique
from engine.layers.input import Input, InputLayer, get_source_inputs
from engine.layers.location import locate
from engine.layers.registry import register_layer
from engine.models.model import Model
from engine.models.network import Network
from engine.models.network_config import name_of_entry


@register_layer()
class Sequential(Model):
    """A stack of layers, each with one input and one output.

    Args:
        layers: the layers; more can be added.
        name: a name.
    """

    def __init__(self, layers: Sequence[Any] | None = None, name: str | None = None) -> None:
        Layer.__init__(self, name=name)
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.input_layers = []
        self._stack: list[Any] = []
        for layer in layers or ():
            self._append(layer)
        self._finish()

    @property
    def layers(self) -> list[Any]:
        """The layers, without the input that the first one brought along.

        Where the first one is a `Merge` of other layers or models, those come before it.
        """
        return unique([*self._merged_layers(), *self._stack])

    def _merged_layers(self) -> list[Any]:
        branches = getattr(self._stack[0], "branches", ()) if self._stack else ()
        return [layer for branch in branches for layer in getattr(branch, "layers", [branch])]

    @property
    def model(self) -> Any:
        """The model itself; scripts of earlier versions ask for it."""
        return self

    def add(self, layer: Any) -> None:
        """Put a layer on top of the stack.

        Args:
            layer: a layer; the first one must know its input's shape.

        Raises:
            TypeError: it is no layer.
            ValueError: the first layer lacks `input_shape`, or a layer has several outputs.
        """
        self._append(layer)
        self._finish()

    def _append(self, layer: Any) -> None:
        """Call a layer on the last one's output; `_finish` makes the model of all that was appended."""
        if not isinstance(layer, Layer):
            raise TypeError(f"The added layer must be an instance of class Layer. Found: {layer!r}")
        output = layer(self.outputs[0]) if self.outputs else self._add_first(layer)
        if isinstance(output, (list, tuple)):
            raise ValueError(
                "All layers in a Sequential model should have a single output tensor. For multi-output layers, "
                f"use the functional API. Found several outputs of {layer.name!r}."
            )
        self._stack.append(layer)
        self.outputs = [output]

    def _finish(self) -> None:
        if self._stack:
            self._init_graph(self.inputs, self.outputs)
        self._forget_functions()

    def _add_first(self, layer: Any) -> Any:
        if isinstance(layer, InputLayer) or getattr(layer, "branches", None):
            self.inputs = get_source_inputs(layer.output)
            return layer.output
        shaped = layer
        while isinstance(shaped, Network):
            if not shaped.layers:
                raise ValueError("Cannot add an empty model to a `Sequential` model.")
            shaped = shaped.layers[0]
        if not hasattr(shaped, "batch_input_shape"):
            raise ValueError(
                "The first layer in a Sequential model must get an `input_shape` or `batch_input_shape` "
                f"argument. Found none in {layer.name!r}."
            )
        self.inputs = [
            Input(batch_shape=shaped.batch_input_shape, dtype=shaped.dtype, name=f"{layer.name}_input")
        ]
        return layer(self.inputs[0])

    def pop(self) -> None:
        """Remove the last layer.

        Raises:
            TypeError: there is none.
        """
        if not self._stack:
            raise TypeError("There are no layers in the model.")
        removed = self._stack.pop()
        if not self._stack:
            self.inputs, self.outputs, self._inbound_nodes = [], [], []
            self.built = False
        else:
            kept = self._stack[-1]
            kept._outbound_nodes = [
                node for node in kept._outbound_nodes if node.outbound_layer is not removed
            ]
            self._init_graph(self.inputs, [kept._inbound_nodes[-1].output_tensors[0]])
        self._forget_functions()

    def _forget_functions(self) -> None:
        """Forget what was made for the stack as it was: it is compiled anew, and predicts by new functions."""
        self._plan, self._steps = None, {}

    def build(self, input_shape: Any = None) -> None:
        """Check that there are layers; they were built as they were added.

        Raises:
            TypeError: there are none.
        """
        if not self.inputs or not self.outputs:
            raise TypeError("Sequential model cannot be built: model is empty. Add some layers first.")

    def compile(  # type: ignore[override]  # in the order of 2.1.6
        self,
        optimizer: Any,
        loss: Any = None,
        metrics: Any = None,
        sample_weight_mode: Any = None,
        weighted_metrics: Any = None,
        target_tensors: Any = None,
        **kwargs: Any,
    ) -> None:
        """Say how the model is trained; arguments as in `Model.compile`, in the order of 2.1.6."""
        self.build()
        super().compile(
            optimizer,
            loss,
            metrics=metrics,
            sample_weight_mode=sample_weight_mode,
            weighted_metrics=weighted_metrics,
            target_tensors=target_tensors,
            **kwargs,
        )

    def train_on_batch(  # type: ignore[override]  # in the order of 2.1.6
        self, x: Any, y: Any, class_weight: Any = None, sample_weight: Any = None
    ) -> Any:
        """Train on one batch; as `Model.train_on_batch`, with the weights in the order of 2.1.6."""
        return super().train_on_batch(x, y, sample_weight=sample_weight, class_weight=class_weight)

    def predict_proba(
        self, x: Any, batch_size: int | None = None, verbose: int = 0, steps: int | None = None
    ) -> Any:
        """Return `predict`'s class probabilities."""
        return self.predict(x, batch_size, verbose, steps)

    def predict_classes(
        self, x: Any, batch_size: int | None = None, verbose: int = 0, steps: int | None = None
    ) -> np.ndarray:
        """Return the most probable class of each sample; for one output, whether it is above 0.5."""
        probabilities = self.predict(x, batch_size, verbose, steps)
        if probabilities.shape[-1] > 1:
            return probabilities.argmax(axis=-1)
        return (probabilities > 0.5).astype("int32")

    def get_config(self) -> Any:
        """Return the layers' configurations, as a list."""
        return copy.deepcopy([_describe(layer) for layer in self._stack])

    @classmethod
    def from_config(cls, config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """Make a model from the list of its layers' configurations.

        Raises:
            ValueError: a layer is unknown or malformed.
        """
        name = config.get("name") if isinstance(config, dict) else None
        entries = config["layers"] if isinstance(config, dict) else config
        model = cls(name=name)
        prefix = ("layers",) if isinstance(config, dict) else ()
        for position, entry in enumerate(entries):
            with locate(*prefix, position, name=name_of_entry(entry)):
                model._append(registry.deserialize(entry, custom_objects))
        model._finish()
        return model


def _describe(layer: Any) -> dict[str, Any]:
    """Return a layer's entry; a `Merge` that brought its branches along has them in it."""
    config = layer.get_config()
    if getattr(layer, "branches", ()):
        config["layers"] = [_describe(branch) for branch in layer.branches]
    return {"class_name": type(layer).__name__, "config": config}
