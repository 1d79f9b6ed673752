"""What is measured: the table of the workloads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.engine import data
from benchmarks.engine.data import Data


@dataclass(frozen=True)
class Workload:
    """One row of the table.

    Args:
        name: what `--only` takes; both sides have a model of this name unless `model` gives another.
        title: what the table prints.
        make_data: takes the number of rows.
        batch_size, steps: samples a batch, and batches in the epoch that is measured.
        model: the name of the model, where several workloads share one.
        feed: how batches reach the model: "arrays" in memory, "batches" given one by one, or a "generator".
        workers: of the generator.
        measures: "fit", "predict" or both.
    """

    name: str
    title: str
    make_data: Callable[[int], Data]
    batch_size: int
    steps: int
    model: str = ""
    feed: str = "arrays"
    workers: int = 0
    measures: tuple[str, ...] = ("fit", "predict")

    @property
    def model_name(self) -> str:
        """The model's name in the tables of both sides."""
        return self.model or self.name


_SMALL = "20-64-64-10"

WORKLOADS: dict[str, Workload] = {
    workload.name: workload
    for workload in (
        Workload("small_mlp", f"MLP {_SMALL}", lambda n: data.vectors(n, 20), 32, 400),
        Workload("mlp", "MLP 784-512-512-10", lambda n: data.vectors(n, 784), 128, 60),
        Workload("mnist_cnn", "MNIST CNN", lambda n: data.images(n, 28, 28, 1), 128, 6),
        Workload("vgg", "VGG-like 100x100x3", lambda n: data.images(n, 100, 100, 3), 32, 2),
        Workload("resnet", "ResNet-like 32x32x3", lambda n: data.images(n, 32, 32, 3), 32, 10),
        Workload("mobilenet_block", "MobileNet blocks 56x56", lambda n: data.images(n, 56, 56, 3), 32, 4),
        Workload("lstm_sigmoid", "Embedding + LSTM, sigmoid", lambda n: data.texts(n, 80, 20_000), 32, 20),
        Workload(
            "lstm_hard_sigmoid", "Embedding + LSTM, hard sigmoid", lambda n: data.texts(n, 80, 20_000), 32, 12
        ),
        Workload("stacked_lstm", "three stacked LSTM, (8, 16)", lambda n: data.sequences(n, 8, 16), 64, 60),
        Workload("masked_gru", "GRU with masking", lambda n: data.padded_texts(n, 40, 5_000), 32, 20),
        Workload("bidirectional", "Bidirectional LSTM, sigmoid", lambda n: data.texts(n, 40, 5_000), 32, 20),
        Workload("conv_lstm", "ConvLSTM2D 8 x 16x16", lambda n: data.films(n, 8, 16), 16, 10),
        Workload("conv1d", "Conv1D text classifier", lambda n: data.texts(n, 128, 5_000), 32, 10),
        Workload(
            "autoencoder", "autoencoder, UpSampling2D", lambda n: data.images_to_themselves(n, 28, 28), 128, 6
        ),
        Workload(
            "two_in_two_out",
            "two inputs, two outputs",
            lambda n: data.texts_and_figures(n, 30, 5_000, 5),
            32,
            300,
        ),
        Workload(
            "big_embedding", "Embedding 200,000 x 128, SGD", lambda n: data.texts(n, 20, 200_000), 32, 200
        ),
        Workload(
            "train_on_batch",
            f"train_on_batch, MLP {_SMALL}",
            lambda n: data.vectors(n, 20),
            32,
            400,
            model="small_mlp",
            feed="batches",
            measures=("fit",),
        ),
        *(
            Workload(
                f"fit_generator_{workers}",
                f"fit_generator, {workers} worker{'s' * (workers > 1)}, MLP 784",
                lambda n: data.bytes_of_images(n, 784),
                128,
                60,
                model="mlp",
                feed="generator",
                workers=workers,
                measures=("fit",),
            )
            for workers in (1, 2)
        ),
        Workload(
            "predict_100k",
            f"predict, 100,000 rows, MLP {_SMALL}",
            lambda n: data.vectors(n, 20),
            32,
            3_125,
            model="small_mlp",
            measures=("predict",),
        ),
    )
}
