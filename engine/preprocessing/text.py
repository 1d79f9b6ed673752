"""Texts as sequences of numbers and as matrices (manual, section 6.2)."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(
    text: str, filters: Iterable[str] = _FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Return the words of a text.

    Args:
        text: the text.
        filters: the characters that separate words as `split` does.
        lower: whether to lower the case.
        split: what separates words.
    """
    if lower:
        text = text.lower()
    text = text.translate({ord(character): split for character in filters})
    return [word for word in text.split(split) if word]


def one_hot(
    text: str, n: int, filters: Iterable[str] = _FILTERS, lower: bool = True, split: str = " "
) -> list[int]:
    """Return a number from 1 to `n - 1` for each word by Python's `hash`, which differs from process to process.

    Args:
        text: the text.
        n: the size of the vocabulary.
        filters: the characters that separate words as `split` does.
        lower: whether to lower the case.
        split: what separates words.
    """
    return hashing_trick(text, n, filters=filters, lower=lower, split=split)


def hashing_trick(
    text: str,
    n: int,
    hash_function: str | Callable[[str], int] | None = None,
    filters: Iterable[str] = _FILTERS,
    lower: bool = True,
    split: str = " ",
) -> list[int]:
    """Return a number from 1 to `n - 1` for each word; different words may get the same one.

    Args:
        text: the text.
        n: one more than the greatest number.
        hash_function: `md5`, which is the same everywhere, or a function from word to number; None for Python's
            `hash`, which differs from process to process.
        filters: the characters that separate words as `split` does.
        lower: whether to lower the case.
        split: what separates words.

    Raises:
        ValueError: `hash_function` is unknown, or `n` is below 2.
    """
    if n < 2:
        raise ValueError(f"`n` must be at least 2, for numbers from 1 to `n - 1`. Found: {n}")
    known: dict[Any, Callable[[str], int]] = {None: hash, "md5": _md5}
    digest = hash_function if callable(hash_function) else known.get(hash_function)
    if digest is None:
        raise ValueError(f'`hash_function` must be "md5", a function or None. Found: {hash_function!r}')
    words = text_to_word_sequence(text, filters=filters, lower=lower, split=split)
    return [digest(word) % (n - 1) + 1 for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


class Tokenizer:
    """Numbers the words of texts by how often they occur; number 0 is never given.

    Args:
        num_words: only words with a number below this are kept; None for all.
        filters: the characters that separate words as `split` does.
        lower: whether to lower the case.
        split: what separates words.
        char_level: whether every character is a word.
        oov_token: the word that stands for unknown ones, which are left out else. It gets the last number and is
            kept whatever `num_words` says.

    Attributes:
        word_counts: how often each word occurred, by order of first occurrence.
        word_docs: in how many texts each word occurred.
        word_index: the number of each word, the most frequent first.
        index_docs: in how many texts the word of each number occurred.
        document_count: the number of texts.
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: Iterable[str] = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        **kwargs: Any,
    ) -> None:
        if "nb_words" in kwargs:
            warnings.warn("`nb_words` is called `num_words` since Keras 2.", stacklevel=2)
            num_words = kwargs.pop("nb_words")
        if kwargs:
            raise TypeError(f"Tokenizer got unknown arguments: {', '.join(kwargs)}")
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.document_count = 0
        self.word_counts: OrderedDict[str, int] = OrderedDict()
        self.word_docs: dict[str, int] = {}
        self.word_index: dict[str, int] = {}
        self.index_docs: dict[int, int] = {}

    def _split(self, text: Any) -> Iterable[str]:
        if self.char_level or isinstance(text, list):
            return text
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of texts and number them; further calls go on counting.

        Args:
            texts: strings, or lists of words; may be a generator.
        """
        for text in texts:
            self.document_count += 1
            words = list(self._split(text))
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] = self.word_docs.get(word, 0) + 1
        # Sorting is stable: of equally frequent words the one seen first comes first.
        ranked = sorted(self.word_counts, key=self.word_counts.__getitem__, reverse=True)
        self.word_index = {word: number for number, word in enumerate(ranked, 1)}
        if self.oov_token is not None:
            self.word_index.setdefault(self.oov_token, len(self.word_index) + 1)
        for word, documents in self.word_docs.items():
            self.index_docs[self.word_index[word]] = documents

    def fit_on_sequences(self, sequences: Iterable[Any]) -> None:
        """Count in how many sequences each number occurs, for `sequences_to_matrix` without texts.

        Args:
            sequences: lists of word numbers.
        """
        for sequence in sequences:
            self.document_count += 1
            for number in set(sequence):
                self.index_docs[number] = self.index_docs.get(number, 0) + 1

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Return the word numbers of each text.

        Args:
            texts: strings, or lists of words.
        """
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """Yield the word numbers of each text.

        Args:
            texts: strings, or lists of words.
        """
        limit = self.num_words or math.inf
        unknown = self.word_index.get(self.oov_token) if self.oov_token is not None else None
        for text in texts:
            numbers = []
            for word in self._split(text):
                number = self.word_index.get(word)
                if number is None:
                    number = unknown
                elif number >= limit:
                    continue
                if number is not None:
                    numbers.append(number)
            yield numbers

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """Return a row for each text and a column for each word number.

        Args:
            texts: strings, or lists of words.
            mode: see `sequences_to_matrix`.
        """
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode=mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> np.ndarray:
        """Return a row for each sequence and a column for each word number.

        Args:
            sequences: lists of word numbers.
            mode: `binary` (1 where the word occurs), `count`, `freq` (the share of the sequence) or `tfidf`
                (`(1 + log(count)) * log(1 + texts / (1 + texts with the word))`).

        Shapes:
            (sequences, num_words).

        Raises:
            ValueError: the number of words isn't known, nothing was counted for `tfidf`, or the mode is unknown.
        """
        num_words = self.num_words or (len(self.word_index) + 1 if self.word_index else None)
        if num_words is None:
            raise ValueError(
                "The number of words isn't known: set `num_words`, or call `fit_on_texts` first."
            )
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Mode `tfidf` needs counts: call `fit_on_texts` or `fit_on_sequences` first.")
        if mode not in _WEIGHTINGS:
            raise ValueError(f"Unknown `mode`: {mode!r}. Use one of {', '.join(_WEIGHTINGS)}.")
        weigh = _WEIGHTINGS[mode]
        matrix = np.zeros((len(sequences), num_words))
        for row, sequence in zip(matrix, sequences):
            for number, count in Counter(sequence).items():
                if number < num_words:
                    row[number] = weigh(self, number, count, len(sequence))
        return matrix

    def get_config(self) -> dict[str, Any]:
        """Return arguments and counts as `to_json` writes them: the tables are JSON themselves."""
        tables = {name: json.dumps(getattr(self, name)) for name in _TABLES}
        index_word = {number: word for word, number in self.word_index.items()}
        return {
            "num_words": self.num_words,
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov_token": self.oov_token,
            "document_count": self.document_count,
            **tables,
            "index_word": json.dumps(index_word),
        }

    def to_json(self, **kwargs: Any) -> str:
        """Return the tokenizer as JSON, which `tokenizer_from_json` reads; so do later versions of Keras.

        Args:
            kwargs: passed on to `json.dumps`.
        """
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


_TABLES = ("word_counts", "word_docs", "index_docs", "word_index")
_WEIGHTINGS: dict[str, Callable[[Tokenizer, int, int, int], float]] = {
    "binary": lambda tokenizer, number, count, length: 1.0,
    "count": lambda tokenizer, number, count, length: count,
    "freq": lambda tokenizer, number, count, length: count / length,
    "tfidf": lambda tokenizer, number, count, length: (
        (1 + math.log(count))
        * math.log(1 + tokenizer.document_count / (1 + tokenizer.index_docs.get(number, 0)))
    ),
}


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Return the tokenizer that `Tokenizer.to_json` wrote, here or in a later version of Keras.

    Raises:
        ValueError: the text isn't JSON of a tokenizer.
    """
    try:
        config = dict(json.loads(json_string)["config"])
        tables = {name: json.loads(config.pop(name)) for name in _TABLES}
        document_count = config.pop("document_count")
        del config["index_word"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"This isn't what `Tokenizer.to_json` writes: {error!r}") from error
    tokenizer = Tokenizer(**config)
    tokenizer.document_count = document_count
    tokenizer.word_counts = OrderedDict(tables["word_counts"])
    tokenizer.word_docs = tables["word_docs"]
    tokenizer.word_index = tables["word_index"]
    # JSON has strings for keys.
    tokenizer.index_docs = {int(number): documents for number, documents in tables["index_docs"].items()}
    return tokenizer
