"""The columns of a dataset that a training run reads, and the arrays they make.

Both the check before a job is queued and the run itself ask here, so that they agree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.datasets.description import Column
from core.datasets.labels import recode
from core.datasets.source import Array

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Port:
    """The columns that make one array: one column, or several of one value a row side by side."""

    columns: tuple[str, ...]

    def shape(self, columns: Mapping[str, Column]) -> Shape:
        """Shape of the array, rows as None; one value a row makes (None, 1)."""
        if len(self.columns) == 1:
            return (None, *(columns[self.columns[0]].shape or (1,)))
        return (None, len(self.columns))

    def array(self, loaded: Mapping[str, Array]) -> Array:
        """The array itself."""
        parts = [
            loaded[name] if loaded[name].ndim > 1 else loaded[name][:, np.newaxis] for name in self.columns
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


Ports = Port | list[Port] | dict[str, Port]


@dataclass(frozen=True)
class Side:
    """The inputs, targets and weights of one pass: training or validation.

    Args:
        x, y: one port, a list (one a model input or output), or a dict by name; y may be None.
        sample_weight: a column, or None.
    """

    x: Ports
    y: Ports | None
    sample_weight: str | None = None

    def ports(self) -> list[Port]:
        """All ports of x and y."""
        return [*flatten(self.x), *flatten(self.y)]

    def names(self) -> list[str]:
        """All columns that are read."""
        names = [name for port in self.ports() for name in port.columns]
        return names if self.sample_weight is None else [*names, self.sample_weight]


@dataclass(frozen=True)
class Arrays:
    """What `fit` is given; x and y in the form in which the ports were named."""

    x: Any
    y: Any
    sample_weight: Array | None


@dataclass(frozen=True)
class Selection:
    """A job's `data`, resolved against the columns of its dataset.

    Args:
        columns: of the dataset, by name.
        train: what is trained on.
        validation: what each epoch is validated on, or None.
        encode_y: "categorical" makes one-hot rows of the classes in y.
        scale_x: factor that x is multiplied with, such as 1/255; None leaves x as it is.
        joint_labels: of each text column, the sorted labels of training and validation together.
    """

    columns: Mapping[str, Column]
    train: Side
    validation: Side | None = None
    encode_y: str | None = None
    scale_x: float | None = None
    joint_labels: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows that are trained on."""
        return self.columns[self.train.ports()[0].columns[0]].rows

    def names(self) -> list[str]:
        """All columns that must be loaded."""
        sides = [self.train] if self.validation is None else [self.train, self.validation]
        return list(dict.fromkeys(name for side in sides for name in side.names()))

    def x_shapes(self) -> Any:
        """Shapes of the model's inputs: one, a list or a dict, as x was named."""
        return _map(self.train.x, lambda port: port.shape(self.columns))

    def y_shapes(self) -> Any:
        """Shapes of the targets, encoded where they are; None without y."""
        return _map(self.train.y, self._y_shape)

    def arrays(self, loaded: Mapping[str, Array]) -> tuple[Arrays, Arrays | None]:
        """The arrays of training and of validation.

        Args:
            loaded: what `load_columns` gave for `names()`.
        """
        coded = {name: self._coded(name, values) for name, values in loaded.items()}
        return self._side_arrays(self.train, coded), (
            None if self.validation is None else self._side_arrays(self.validation, coded)
        )

    def _side_arrays(self, side: Side, loaded: Mapping[str, Array]) -> Arrays:
        return Arrays(
            x=_map(side.x, lambda port: self._scaled(port.array(loaded))),
            y=_map(side.y, lambda port: self._encoded(port, loaded)),
            sample_weight=None if side.sample_weight is None else loaded[side.sample_weight],
        )

    def _scaled(self, values: Array) -> Array:
        if self.scale_x is None:
            return values
        return np.multiply(values, np.float32(self.scale_x), dtype=np.float32, casting="unsafe")

    def _encoded(self, port: Port, loaded: Mapping[str, Array]) -> Array:
        if self.encode_y is None:
            return port.array(loaded)
        values = loaded[port.columns[0]].reshape(-1)
        encoded = np.zeros((len(values), self.class_count(port)), np.float32)
        encoded[np.arange(len(values)), values.astype(np.int64)] = 1.0
        return encoded

    def _coded(self, name: str, values: Array) -> Array:
        """Codes of a text column among the labels of training and validation together."""
        wider = self.joint_labels.get(name)
        return values if wider is None else recode(values, sorted(self.columns[name].classes or ()), wider)

    def _y_shape(self, port: Port) -> Shape:
        return port.shape(self.columns) if self.encode_y is None else (None, self.class_count(port))

    def class_count(self, port: Port) -> int:
        """Width of the one-hot rows that encode a port of y."""
        name = port.columns[0]
        if name in self.joint_labels:
            return len(self.joint_labels[name])
        return int(max(self.columns[partner].maximum or 0 for partner in (name, *self._partners(name)))) + 1

    def _partners(self, name: str) -> list[str]:
        """The columns that stand in validation where `name` stands in training, or the other way round."""
        if self.validation is None:
            return []
        sides = ([port.columns[0] for port in flatten(side.y)] for side in (self.train, self.validation))
        return [names[1 - names.index(name)] for names in zip(*sides) if name in names]


def flatten(ports: Ports | None) -> list[Port]:
    """All ports, whatever their form; those of a dict in the order of its sorted names."""
    if ports is None:
        return []
    if isinstance(ports, Port):
        return [ports]
    return [ports[name] for name in sorted(ports)] if isinstance(ports, dict) else ports


def _map(ports: Ports | None, change: Callable[[Port], Any]) -> Any:
    """`change` applied to each port, in the same form."""
    if ports is None:
        return None
    if isinstance(ports, dict):
        return {name: change(port) for name, port in ports.items()}
    return [change(port) for port in ports] if isinstance(ports, list) else change(ports)
