"""Arrays on the way to a prediction and back."""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

import httpx
import numpy as np

NPY: Final = "application/x-npy"
NPZ: Final = "application/x-npz"


def encode_array(array: np.ndarray) -> bytes:
    """One array as the bytes of an .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def encode_arrays(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Named arrays as the bytes of an .npz file."""
    buffer = io.BytesIO()
    # Not numpy.savez, which cannot write an array of the name "file".
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", encode_array(array))
    return buffer.getvalue()


def decode_arrays(response: httpx.Response) -> np.ndarray | dict[str, np.ndarray]:
    """The array of an .npy answer, or those of an .npz answer by name."""
    loaded = np.load(io.BytesIO(response.content), allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded
    with loaded:
        return {name: loaded[name] for name in loaded.files}
