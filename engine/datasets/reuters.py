"""11,228 newswires of Reuters on 46 topics (manual, section 12.4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.datasets.files import load_npz
from engine.datasets.word_sequences import encode, read_word_index, rename_num_words
from engine.downloads import get_file

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/reuters.npz"
FILE_HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
WORD_INDEX_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/reuters_word_index.json"
WORD_INDEX_HASH = "4d44cc38712099c9e383dc6e5f11a921"


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs: Any,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return `(x_train, y_train), (x_test, y_test)`: arrays of lists of word numbers, and topics.

    Args:
        path: the file's name in Keras's folder of data sets.
        num_words: words of this number and above are left out.
        skip_top: words of a smaller number are left out.
        maxlen: texts of this length and above are left out.
        test_split: share of the texts for testing.
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
    order = np.arange(len(data["x"]))
    np.random.RandomState(seed).shuffle(order)
    part = (data["x"][order], data["y"][order])
    [(texts, labels)] = encode([part], num_words, skip_top, maxlen, start_char, oov_char, index_from)
    end = int(len(texts) * (1 - test_split))
    return (texts[:end], labels[:end]), (texts[end:], labels[end:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Return the numbers of words, before `index_from` is added.

    Args:
        path: the file's name in Keras's folder of data sets.
    """
    return read_word_index(get_file(path, WORD_INDEX_ORIGIN, file_hash=WORD_INDEX_HASH))
