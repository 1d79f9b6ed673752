"""Texts as lists of word numbers, as IMDB and Reuters hold them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def rename_num_words(num_words: int | None, further: dict[str, Any]) -> int | None:
    """Return `num_words`, which Keras 1 called `nb_words`.

    Raises:
        TypeError: there are other arguments.
    """
    if "nb_words" in further:
        warnings.warn("The `nb_words` argument of `load_data` is now called `num_words`.", stacklevel=3)
        num_words = further.pop("nb_words")
    if further:
        raise TypeError(f"Unrecognized keyword arguments: {sorted(further)}")
    return num_words


def encode(
    parts: Sequence[tuple[Any, Any]],
    num_words: int | None,
    skip_top: int,
    maxlen: int | None,
    start_char: int | None,
    oov_char: int | None,
    index_from: int | None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Shift, mark, shorten and thin out texts; return those of each part, as an array of lists, with their labels.

    Args:
        parts: lists of word numbers (1 is the most frequent word) and a label each.
        num_words: words of this number (shifted) and above are left out; by default of the greatest.
        skip_top: words of a smaller number (shifted) are left out.
        maxlen: texts of this length and above are left out.
        start_char: the number put before each text; None for none.
        oov_char: the number that stands for each word left out; None for none.
        index_from: what is added to each word's number.

    Raises:
        ValueError: no text of a part is short enough.
    """
    start, shift = [] if start_char is None else [start_char], index_from or 0
    kept = []
    for texts, labels in parts:
        pairs = [(start + [word + shift for word in text], label) for text, label in zip(texts, labels)]
        kept.append([pair for pair in pairs if not maxlen or len(pair[0]) < maxlen])
        if not kept[-1]:
            raise ValueError(
                f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was kept. Increase maxlen."
            )
    end = num_words or max(max(text, default=0) for pairs in kept for text, _ in pairs)

    def thin_out(text: list[int]) -> list[int]:
        if oov_char is None:
            return [word for word in text if skip_top <= word < end]
        return [word if skip_top <= word < end else oov_char for word in text]

    return [
        (to_object_array([thin_out(text) for text, _ in pairs]), np.array([label for _, label in pairs]))
        for pairs in kept
    ]


def to_object_array(texts: Sequence[list[int]]) -> np.ndarray:
    """Return an array of lists, also where all have one length."""
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array


def read_word_index(path: Any) -> dict[str, int]:
    """Return the numbers of words from a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
