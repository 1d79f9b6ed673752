"""Sequences made equally long, skip-gram couples and windows of time series (manual, section 6.1)."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np

from engine.training.sequence import Sequence

_SIDES = ("pre", "post")
_MAX_SEED = 10**7
# Euler's constant as Keras rounds it: the harmonic numbers grow as log(n) + gamma.
_GAMMA = 0.577


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Return sequences as one array, cut or padded to the same length.

    Args:
        sequences: a list of sequences of numbers, or of equally shaped arrays.
        maxlen: the length; None for that of the longest.
        dtype: the type of the result.
        padding: whether to pad before (`pre`) or after (`post`) a sequence.
        truncating: whether to cut off the beginning (`pre`) or the end (`post`) of a sequence.
        value: what to pad with.

    Shapes:
        (samples, maxlen), followed by the shape of one step.

    Raises:
        ValueError: something is no sequence, steps differ in shape, or a side is unknown.
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in _SIDES:
            raise ValueError(f'`{name}` must be "pre" or "post". Found: {side!r}')
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"`sequences` must be a list of sequences. Found: {sequences!r}")
    for index, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"`sequences` must be a list of sequences. Found at index {index}: {sequence!r}")
    if maxlen is None:
        maxlen = max((len(sequence) for sequence in sequences), default=0)
    step_shape = next((np.shape(sequence)[1:] for sequence in sequences if len(sequence)), ())
    padded = np.full((len(sequences), maxlen, *step_shape), value, dtype=dtype)
    for row, (target, sequence) in enumerate(zip(padded, sequences)):
        kept = np.asarray(sequence[:maxlen] if truncating == "post" else sequence[_start(sequence, maxlen) :])
        if not len(kept):
            continue
        if kept.shape[1:] != step_shape:
            raise ValueError(
                f"All steps must have the same shape. The first ones have {step_shape}, "
                f"those of the sequence at index {row} have {kept.shape[1:]}."
            )
        place = slice(len(kept)) if padding == "post" else slice(maxlen - len(kept), None)
        target[place] = kept
    return padded


def _start(sequence: Any, maxlen: int) -> int:
    """Return where the last `maxlen` steps begin."""
    return max(len(sequence) - maxlen, 0)


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """Return how probably `skipgrams` keeps each word, by its rank in the order of frequency.

    The frequencies are taken to follow Zipf's law; see Mikolov et al., https://arxiv.org/abs/1310.4546.

    Args:
        size: the size of the vocabulary.
        sampling_factor: the lower, the rarer common words are kept.

    Shapes:
        (size,).
    """
    rank = np.maximum(np.arange(size), 1)
    inverse_frequency = rank * (np.log(rank) + _GAMMA) + 0.5 - 1.0 / (12.0 * rank)
    expected = sampling_factor * inverse_frequency
    return np.minimum(1.0, expected / np.sqrt(expected))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[Any]], list[Any]]:
    """Return couples of words that stand close together (label 1), and of words drawn at random (label 0).

    See Mikolov et al., https://arxiv.org/abs/1301.3781. Draws are made by Python's `random`.

    Args:
        sequence: word numbers; 0 stands for no word and is left out.
        vocabulary_size: one more than the greatest word number.
        window_size: the greatest distance of a couple's words.
        negative_samples: how many random couples to make for each true one.
        shuffle: whether to shuffle the couples.
        categorical: whether labels are one-hot: [0, 1] and [1, 0].
        sampling_table: the probability of keeping each word; see `make_sampling_table`.
        seed: makes the shuffling repeatable.

    Returns:
        The list of couples and the list of labels.
    """
    couples: list[list[Any]] = []
    for position, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        for other in range(max(0, position - window_size), min(len(sequence), position + window_size + 1)):
            if other != position and sequence[other]:
                couples.append([word, sequence[other]])
    yes, no = ([0, 1], [1, 0]) if categorical else (1, 0)
    labels: list[Any] = [yes] * len(couples)
    negatives = int(len(couples) * negative_samples)
    if negatives:
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        couples += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(negatives)]
        labels += [no] * negatives
    if shuffle:
        seed = random.randint(0, _MAX_SEED) if seed is None else seed
        for shuffled in (couples, labels):
            random.seed(seed)
            random.shuffle(shuffled)
    return couples, labels


def _remove_long_seq(maxlen: int, seq: Any, label: Any) -> tuple[list[Any], list[Any]]:
    """Return the sequences shorter than `maxlen`, and their labels."""
    kept = [(x, y) for x, y in zip(seq, label) if len(x) < maxlen]
    return [x for x, _ in kept], [y for _, y in kept]


class TimeseriesGenerator(Sequence):
    """Batches of windows of a time series, each with the target that follows it.

    Args:
        data: what windows are cut from, along its first axis.
        targets: as many targets as `data` has steps.
        length: how many steps a window spans.
        sampling_rate: the distance of the steps that are taken from a window.
        stride: the distance of windows.
        start_index: the first step that is used.
        end_index: the last step that is used; None for the last there is.
        shuffle: whether to draw windows at random instead of going through them in order.
        reverse: whether steps go backwards in time within a window.
        batch_size: windows a batch, but for the last.

    Raises:
        ValueError: the lengths differ, or no window fits.
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        if len(data) != len(targets):
            raise ValueError(
                f"`data` and `targets` must be equally long. Found: {len(data)} and {len(targets)} steps."
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        # The first and the last step that a window may be followed by.
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"No window fits: `start_index` + `length` is {self.start_index}, "
                f"after the last step that is used, {self.end_index}. Shorten `length`."
            )

    def __len__(self) -> int:
        """Return the number of batches."""
        windows = self.end_index - self.start_index + 1
        return math.ceil(windows / (self.batch_size * self.stride))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a batch: windows of shape (windows, steps, ...), and targets."""
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            rows = np.arange(
                first, min(first + self.batch_size * self.stride, self.end_index + 1), self.stride
            )
        samples = np.array([self.data[row - self.length : row : self.sampling_rate] for row in rows])
        targets = np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1] if self.reverse else samples), targets
