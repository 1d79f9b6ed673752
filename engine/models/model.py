"""The model: a graph of layers that can be trained, saved and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import engine
from engine.layers.registry import register_layer
from engine.models.network import Network
from engine.models.summary import print_summary
from engine.training.trainer import Trainer


@register_layer()
class Model(Network, Trainer):
    """Everything between some inputs and outputs, ready to be compiled and trained.

    Args:
        inputs: a tensor from `Input`, or a list of them.
        outputs: a tensor that layers made from them, or a list.
        name: a name.

    Raises:
        ValueError: the outputs can't be reached from the inputs, an input repeats, or two layers share a name.
    """

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], Any] = print,
    ) -> None:
        """Print the layers, their output shapes and their numbers of parameters.

        Args:
            line_length: characters a line.
            positions: where the columns end, as shares of the line or as characters.
            print_fn: called with each line.
        """
        print_summary(self, line_length, positions, print_fn)

    def to_json(self, **kwargs: Any) -> str:
        """Return the architecture as JSON text; keyword arguments go to `json.dumps`."""
        return engine.saving.to_json(self, **kwargs)

    def to_yaml(self, **kwargs: Any) -> str:
        """Return the architecture as YAML text; keyword arguments go to `yaml.dump`."""
        return engine.saving.to_yaml(self, **kwargs)

    def save(self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
        """Write architecture, weights, training configuration and optimizer state to a file.

        Args:
            filepath: where to; `.keras` at its end asks for Keras 3's format, anything else is HDF5.
            overwrite: whether to replace an existing file without asking.
            include_optimizer: whether to write the optimizer's state.
        """
        engine.saving.save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights to an HDF5 file.

        Args:
            filepath: where to.
            overwrite: whether to replace an existing file without asking.
        """
        engine.saving.save_weights(self, filepath, overwrite)

    def load_weights(
        self, filepath: Any, by_name: bool = False, skip_mismatch: bool = False, reshape: bool = False
    ) -> None:
        """Read the weights from an HDF5 file that `save_weights` or `save` wrote.

        Args:
            filepath: where from.
            by_name: take the weights of layers with the same name only.
            skip_mismatch: with `by_name`, leave layers alone whose weights have other shapes.
            reshape: reshape weights that have the right number of elements.

        Raises:
            ValueError: the file does not fit the model.
        """
        engine.saving.load_weights(self, filepath, by_name, skip_mismatch, reshape)
