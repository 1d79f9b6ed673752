"""Text columns as whole numbers: the code of a label is its place among the sorted labels."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from core.datasets.errors import DatasetError, column_pointer
from core.datasets.source import MAX_LABEL_CHARACTERS, Array


def encode_labels(values: Array, labels: Sequence[str] | None = None) -> Array:
    """Give each text its place among the sorted labels.

    Args:
        values: texts, any shape.
        labels: all labels, sorted; None takes those that occur.
    Returns:
        int64 codes in the shape of `values`.
    """
    known = np.unique(values) if labels is None else np.asarray(labels, dtype=str)
    return np.searchsorted(known, values).astype(np.int64)


def recode(codes: Array, labels: Sequence[str], wider: Sequence[str]) -> Array:
    """Turn codes among `labels` into codes among `wider`, which holds all of them; both sorted."""
    places = np.searchsorted(np.asarray(wider, dtype=str), np.asarray(labels, dtype=str))
    return places[codes].astype(np.int64)


def decode_text(values: npt.NDArray[np.bytes_], name: str) -> Array:
    """Turn UTF-8 bytes into text.

    Raises:
        DatasetError: a value that is not UTF-8, with its row.
    """
    try:
        return np.char.decode(values, "utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"column {name!r} holds bytes that are not UTF-8 text: {error}", column_pointer(name)
        ) from error


def check_label_lengths(lengths: Iterable[int], name: str) -> None:
    """Refuse texts too long to be class labels, before they become arrays of fixed width.

    Raises:
        DatasetError: with the row of the first text that is too long.
    """
    for row, length in enumerate(lengths, start=1):
        if length > MAX_LABEL_CHARACTERS:
            raise DatasetError(
                f"row {row}, column {name!r}: a text of {length:,} characters; text columns are class labels "
                f"of at most {MAX_LABEL_CHARACTERS} characters",
                column_pointer(name),
            )
