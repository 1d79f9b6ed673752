"""TensorBoard's event files. Needs the package `tensorboard`; nothing else imports this module before it is used."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from google.protobuf import text_format
from tensorboard.compat.proto import event_pb2
from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from torch.utils.tensorboard import SummaryWriter

# The limits of TensorBoard's buckets: each a tenth wider than the one before, on both sides of zero.
_POSITIVE_LIMITS = 1e-12 * 1.1 ** np.arange(775)
_LIMITS = np.concatenate([-_POSITIVE_LIMITS[::-1], [0.0], _POSITIVE_LIMITS])


class GraphNode(NamedTuple):
    """A box of the graph: its name, what it does, the names of those it reads, and the shape it gives."""

    name: str
    kind: str
    inputs: Sequence[str]
    shape: Sequence[int | None]


class Histogram:
    """How often values fall into TensorBoard's buckets; values that are no finite numbers are left out."""

    def __init__(self) -> None:
        self.count = 0
        self.minimum = np.inf
        self.maximum = -np.inf
        self.sum = 0.0
        self.sum_of_squares = 0.0
        self.buckets = np.zeros(len(_LIMITS) - 1, dtype=np.int64)

    def add(self, values: Any) -> None:
        """Count some more values."""
        values = np.asarray(values, dtype=np.float64).ravel()
        values = values[np.isfinite(values)]
        if not values.size:
            return
        self.count += values.size
        self.minimum = min(self.minimum, values.min())
        self.maximum = max(self.maximum, values.max())
        self.sum += values.sum()
        self.sum_of_squares += values @ values
        self.buckets += np.histogram(values, _LIMITS)[0]


class EventFile:
    """A new event file.

    Args:
        folder: where it is made.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)
        self._writer = SummaryWriter(str(folder))
        self._projector = ProjectorConfig()

    def add_scalar(self, name: str, value: float, step: int) -> None:
        """Write one number."""
        self._writer.add_scalar(name, float(value), step)

    def add_histogram(self, name: str, histogram: Histogram, step: int) -> None:
        """Write a histogram; nothing where it has no values."""
        if not histogram.count:
            return
        filled = np.flatnonzero(histogram.buckets)
        # The first bucket of the file is an empty one: its limit is where the first one with values begins.
        first, last = int(filled[0]), int(filled[-1])
        self._writer.add_histogram_raw(
            name,
            min=histogram.minimum,
            max=histogram.maximum,
            num=histogram.count,
            sum=histogram.sum,
            sum_squares=histogram.sum_of_squares,
            bucket_limits=_LIMITS[first : last + 2].tolist(),
            bucket_counts=[0, *histogram.buckets[first : last + 1].tolist()],
            global_step=step,
        )

    def add_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Write an image of shape (height, width, channels), its values spread over the range of a byte."""
        self._writer.add_image(name, _to_bytes(image), step, dataformats="HWC")

    def add_graph(self, nodes: Sequence[GraphNode]) -> None:
        """Write the boxes and arrows of a model."""
        graph = GraphDef(node=[_to_node_definition(node) for node in nodes])
        writer = self._writer._get_file_writer()
        writer.add_event(event_pb2.Event(graph_def=graph.SerializeToString()))

    def describe_embeddings(self, names: Sequence[str], metadata: Mapping[str, str]) -> None:
        """Tell the projector of embeddings that `write_embedding` writes, and of the files that label their rows."""
        for name in names:
            entry = self._projector.embeddings.add()
            entry.tensor_name = name
            entry.tensor_path = _embedding_file(name)
            entry.metadata_path = metadata.get(name, "")
        path = self._folder / "projector_config.pbtxt"
        path.write_text(text_format.MessageToString(self._projector))

    def write_embedding(self, name: str, matrix: np.ndarray) -> None:
        """Write the newest rows of an embedding."""
        path = self._folder / _embedding_file(name)
        unfinished = path.with_suffix(".tmp")
        np.savetxt(unfinished, matrix, fmt="%.9g", delimiter="\t")
        unfinished.replace(path)

    def flush(self) -> None:
        """Write what waits."""
        self._writer.flush()

    def close(self) -> None:
        """End the file."""
        self._writer.close()


def _embedding_file(name: str) -> str:
    return name.replace("/", "_").replace(":", "_") + ".tsv"


def _to_bytes(image: np.ndarray) -> np.ndarray:
    """Spread values over 0 to 255, with zero in the middle where some are negative; what is not finite is 0."""
    finite = np.where(np.isfinite(image), image, 0.0)
    if finite.min() < 0:
        spread = finite / np.abs(finite).max() * 127.0 + 128.0
    else:
        spread = finite / max(float(finite.max()), 1e-30) * 255.0
    return spread.astype(np.uint8)


def _to_node_definition(node: GraphNode) -> NodeDef:
    sizes = [TensorShapeProto.Dim(size=-1 if size is None else size) for size in node.shape]
    shapes = AttrValue.ListValue(shape=[TensorShapeProto(dim=sizes)])
    definition = NodeDef(name=node.name, op=node.kind, input=list(node.inputs))
    definition.attr["_output_shapes"].CopyFrom(AttrValue(list=shapes))
    return definition
