"""What recurrent layers with a cell of their own share."""

from __future__ import annotations

from typing import Any

from engine import regularizers
from engine.layers.description import describe
from engine.layers.recurrent.base import RNN
from engine.layers.recurrent.cell import RecurrentCell


class StandardRNN(RNN):
    """A recurrent layer that takes the arguments of its cell; they can be read off the layer too."""

    cell_class: type[RecurrentCell]
    cell: RecurrentCell

    def __init__(self, cell: RecurrentCell, activity_regularizer: Any = None, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self.activity_regularizer = regularizers.get(activity_regularizer)

    def __getattr__(self, name: str) -> Any:
        if name in type(self).cell_class.config_names():
            return getattr(self.cell, name)
        # Once more, for the error: a property's own, where one led here.
        return super().__getattribute__(name)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        config = super().get_config()
        del config["cell"]
        cell_config = describe(self.cell, *self.cell_class.config_names())
        return {**config, **cell_config, **describe(self, "activity_regularizer")}
