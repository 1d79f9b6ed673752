"""Files that hold pickles, read without running what is in them."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

_HEADER_READERS: dict[tuple[int, int], Callable[[Any], Any]] = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


def _make_array(*_: Any) -> np.ndarray:
    """Return what a pickled array begins as; its shape and data follow."""
    return np.empty(0, dtype="uint8")


def _encode(text: str, encoding: str) -> bytes:
    return text.encode("latin1")


# What arrays and bytes are pickled as, in Python 2 and 3. `ndarray` is an argument only, never called.
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): "ndarray",
    ("numpy.core.multiarray", "_reconstruct"): _make_array,
    ("numpy._core.multiarray", "_reconstruct"): _make_array,
    ("_codecs", "encode"): _encode,
}


class _ArrayUnpickler(pickle.Unpickler):
    """Reads arrays, numbers, text, lists and dicts, and nothing that could call code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no data needs")
        return _ALLOWED[module, name]


def load_pickle(path: Any) -> Any:
    """Return the arrays, numbers, texts, lists and dicts in a pickle, also one of Python 2.

    Raises:
        ValueError: the file holds anything else, or is damaged.
    """
    with open(path, "rb") as file:
        return _unpickle(file, path)


def _unpickle(file: Any, source: Any) -> Any:
    try:
        return _ArrayUnpickler(file, encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{source} can't be read as data: {error}") from error


def load_npz(path: Any) -> dict[str, np.ndarray]:
    """Return the arrays of an `.npz` file by name; arrays of objects may hold numbers, texts and lists.

    Raises:
        ValueError: the file is damaged, or an array holds anything else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {}
            for name in archive.namelist():
                with archive.open(name) as file:
                    arrays[Path(name).stem] = _read_npy(file, f"{path}: {name}")
            return arrays
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is not an .npz file: {error}") from error


def _read_npy(file: Any, source: str) -> np.ndarray:
    version = npy.read_magic(file)
    if version in _HEADER_READERS and _HEADER_READERS[version](file)[2].hasobject:
        return _unpickle(file, source)
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)
