"""Random data sets of the workloads, as NumPy arrays in Keras's layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Data:
    """Inputs and targets, one array each a model's input and output."""

    inputs: list[np.ndarray]
    targets: list[np.ndarray]


def _values(rows: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((rows, *shape), dtype="float32")


def _words(rows: int, steps: int, vocabulary: int) -> np.ndarray:
    return np.random.default_rng(1).integers(1, vocabulary, (rows, steps))


def _classes(rows: int, count: int = 10) -> np.ndarray:
    return np.random.default_rng(2).integers(0, count, (rows, 1))


def _flags(rows: int) -> np.ndarray:
    return _classes(rows, 2).astype("float32")


def vectors(rows: int, size: int) -> Data:
    """Vectors of ten classes."""
    return Data([_values(rows, size)], [_classes(rows)])


def bytes_of_images(rows: int, size: int) -> Data:
    """Flat 8-bit images of ten classes."""
    return Data([np.random.default_rng(0).integers(0, 256, (rows, size), dtype="uint8")], [_classes(rows)])


def images(rows: int, height: int, width: int, channels: int) -> Data:
    """Images of ten classes."""
    return Data([_values(rows, height, width, channels)], [_classes(rows)])


def images_to_themselves(rows: int, height: int, width: int) -> Data:
    """Grey images in [0, 1], which are their own targets."""
    grey = np.random.default_rng(0).random((rows, height, width, 1), dtype="float32")
    return Data([grey], [grey])


def films(rows: int, steps: int, size: int) -> Data:
    """Square grey films, and one picture each to be foretold."""
    return Data([_values(rows, steps, size, size, 1)], [images_to_themselves(rows, size, size).inputs[0]])


def sequences(rows: int, steps: int, size: int) -> Data:
    """Sequences of vectors, of ten classes."""
    return Data([_values(rows, steps, size)], [_classes(rows)])


def texts(rows: int, steps: int, vocabulary: int) -> Data:
    """Sequences of word numbers, to be told good or bad."""
    return Data([_words(rows, steps, vocabulary)], [_flags(rows)])


def padded_texts(rows: int, steps: int, vocabulary: int) -> Data:
    """Texts of unequal lengths, zeros behind them."""
    words = _words(rows, steps, vocabulary)
    lengths = np.random.default_rng(3).integers(steps // 2, steps + 1, (rows, 1))
    return Data([np.where(np.arange(steps) < lengths, words, 0)], [_flags(rows)])


def texts_and_figures(rows: int, steps: int, vocabulary: int, size: int) -> Data:
    """Texts, each with some figures, of two and of ten classes."""
    return Data([_words(rows, steps, vocabulary), _values(rows, size)], [_flags(rows), _classes(rows)])
