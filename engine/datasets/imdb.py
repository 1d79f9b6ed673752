"""50,000 film reviews from IMDB, labelled 1 (liked) or 0 (manual, section 12.3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.datasets.files import load_npz
from engine.datasets.word_sequences import encode, read_word_index, rename_num_words
from engine.downloads import get_file

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz"
FILE_HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
WORD_INDEX_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb_word_index.json"
WORD_INDEX_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs: Any,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return `(x_train, y_train), (x_test, y_test)`: arrays of lists of word numbers, and labels.

    Args:
        path: the file's name in Keras's folder of data sets.
        num_words: words of this number and above are left out.
        skip_top: words of a smaller number are left out.
        maxlen: texts of this length and above are left out.
        seed: for the order of texts.
        start_char: the number put before each text; None for none.
        oov_char: the number that stands for each word left out; None for none.
        index_from: what is added to each word's number.

    Raises:
        DownloadError: the file can't be had.
        ValueError: no text is short enough.
    """
    num_words = rename_num_words(num_words, kwargs)
    data = load_npz(get_file(path, ORIGIN, file_hash=FILE_HASH))
    random = np.random.RandomState(seed)
    parts = []
    for part in ("train", "test"):
        order = np.arange(len(data[f"x_{part}"]))
        random.shuffle(order)
        parts.append((data[f"x_{part}"][order], data[f"y_{part}"][order]))
    train, test = encode(parts, num_words, skip_top, maxlen, start_char, oov_char, index_from)
    return train, test


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Return the numbers of words, before `index_from` is added.

    Args:
        path: the file's name in Keras's folder of data sets.
    """
    return read_word_index(get_file(path, WORD_INDEX_ORIGIN, file_hash=WORD_INDEX_HASH))
