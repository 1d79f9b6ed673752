"""A training as TensorBoard shows it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engine import backend as K
from engine.callbacks.base import Callback, Logs
from engine.callbacks.layer_graph import iterate_layer_calls, list_outputs

# As many images of one weight are written.
_MAX_IMAGES = 3


class TensorBoard(Callback):
    """Writes event files for TensorBoard (`tensorboard --logdir=...`).

    Args:
        log_dir: folder of the files.
        histogram_freq: epochs from one set of histograms of weights and layer outputs to the next; 0 for none. The
            outputs are those for the validation data.
        batch_size: samples a batch where outputs are computed.
        write_graph: whether to write the graph of layers.
        write_grads: whether to write histograms of gradients too.
        write_images: whether to write weights as images too.
        embeddings_freq: epochs from one writing of embeddings to the next; 0 for none.
        embeddings_layer_names: names of the layers; all `Embedding` layers by default.
        embeddings_metadata: the file that labels the rows, or a dict from layer name to file.

    Raises:
        ImportError: the package `tensorboard` is missing.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "./logs",
        histogram_freq: int = 0,
        batch_size: int = 32,
        write_graph: bool = True,
        write_grads: bool = False,
        write_images: bool = False,
        embeddings_freq: int = 0,
        embeddings_layer_names: Sequence[str] | None = None,
        embeddings_metadata: str | Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._files = _import_event_files()
        self.log_dir = log_dir
        self.histogram_freq = histogram_freq
        self.batch_size = batch_size
        self.write_graph = write_graph
        self.write_grads = write_grads
        self.write_images = write_images
        self.embeddings_freq = embeddings_freq
        self.embeddings_layer_names = embeddings_layer_names
        self.embeddings_metadata = embeddings_metadata
        self.writer: Any = None
        self._embeddings: dict[str, Any] = {}
        self._tensors: dict[str, Any] = {}
        self._compute: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when the training begins; opens a new file.

        Raises:
            ValueError: histograms are wanted and there is no validation data, or it comes from a generator.
        """
        if self.histogram_freq and not self.validation_data:
            raise ValueError(
                "If printing histograms, validation_data must be provided, and cannot be a generator."
            )
        self.writer = self._files.EventFile(self.log_dir)
        if self.write_graph:
            self.writer.add_graph([self._files.GraphNode(*call) for call in iterate_layer_calls(self.model)])
        if self.histogram_freq:
            self._prepare_tensors()
        if self.embeddings_freq:
            self._describe_embeddings()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch."""
        for name, value in (logs or {}).items():
            self.writer.add_scalar(name, value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
            self._write_tensors(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            for name, weight in self._embeddings.items():
                self.writer.write_embedding(name, K.get_value(weight))
        self.writer.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        """Called when the training ends."""
        self.writer.close()

    def _describe_embeddings(self) -> None:
        names = self.embeddings_layer_names or [
            layer.name for layer in self.model.layers if type(layer).__name__ == "Embedding"
        ]
        metadata = self.embeddings_metadata or {}
        files = dict.fromkeys(names, metadata) if isinstance(metadata, str) else metadata
        weights = {name: self.model.get_layer(name).weights[0] for name in names}
        self._embeddings = {weight.name: weight for weight in weights.values()}
        self.writer.describe_embeddings(
            list(self._embeddings),
            {weight.name: files[name] for name, weight in weights.items() if name in files},
        )

    def _prepare_tensors(self) -> None:
        """Choose what is computed from the validation data."""
        plan = self.model._plan
        self._tensors = list_outputs(self.model)
        if self.write_grads:
            weights = self.model.trainable_weights
            gradients = K.gradients(self.model.total_loss, weights)
            self._tensors.update(
                {
                    f"{_to_tag(weight)}_grad": gradient
                    for weight, gradient in zip(weights, gradients, strict=True)
                    if gradient is not None
                }
            )
        self._compute = K.function([*self.model._feed_inputs, *plan.feeds], list(self._tensors.values()))

    def _write_tensors(self, epoch: int) -> None:
        histograms = [self._files.Histogram() for _ in self._tensors]
        for batch in self._iterate_validation_batches():
            for histogram, values in zip(histograms, self._compute(batch), strict=True):
                histogram.add(values)
        for name, histogram in zip(self._tensors, histograms, strict=True):
            self.writer.add_histogram(name, histogram, epoch)

    def _iterate_validation_batches(self) -> Iterator[list[Any]]:
        # What comes behind the arrays is the learning phase.
        arrays = self.validation_data[: len(self.model._feed_inputs) + len(self.model._plan.feeds)]
        for start in range(0, int(arrays[0].shape[0]), self.batch_size):
            yield [array[start : start + self.batch_size] for array in arrays]

    def _write_weights(self, epoch: int) -> None:
        for layer in self.model.layers:
            for weight in layer.weights:
                value = np.asarray(K.get_value(weight))
                histogram = self._files.Histogram()
                histogram.add(value)
                self.writer.add_histogram(_to_tag(weight), histogram, epoch)
                if self.write_images:
                    for number, image in enumerate(_to_images(value)[:_MAX_IMAGES]):
                        self.writer.add_image(f"{_to_tag(weight)}/image/{number}", image, epoch)


def _to_tag(weight: Any) -> str:
    return weight.name.replace(":", "_")


def _to_images(weight: np.ndarray) -> np.ndarray:
    """Return a weight as images of shape (images, height, width, 1); none where it has too many dimensions."""
    weight = np.squeeze(weight)
    if weight.ndim == 1:
        return weight.reshape(1, -1, 1, 1)
    if weight.ndim == 2:
        wide = weight.T if weight.shape[0] > weight.shape[1] else weight
        return wide[None, :, :, None]
    if weight.ndim == 3:
        return np.moveaxis(weight, -1, 0)[..., None]
    return np.empty((0, 1, 1, 1))


def _import_event_files() -> Any:
    """Import what writes the files: it is slow to import, and its package may be missing."""
    try:
        return importlib.import_module("engine.backend.event_files")
    except ImportError as error:
        raise ImportError(
            "The callback TensorBoard needs the package `tensorboard`, which is not installed: "
            f"pip install tensorboard. ({error})"
        ) from error
