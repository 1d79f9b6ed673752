"""Files of weights, read whole in a process of its own."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from core.hdf5 import Hdf5Error, check_weights_apart


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = ["dense"]
        file["dense/kernel"] = np.ones((4, 3), "float32")
        file.create_dataset("dense/bias", data=np.arange(3.0), compression="gzip", fletcher32=True)
        file["step"] = 7
        file["nothing"] = h5py.Empty("f4")
    return path


def change(path: Path, offset: int, value: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] = value
    path.write_bytes(data)


def test_declared_bytes_are_counted(path: Path) -> None:
    sizes = {"kernel": 48, "bias": 24, "step": 8, "nothing": 0}
    assert check_weights_apart(path, 100, 10) == sum(sizes.values())


@pytest.mark.parametrize(
    ("max_bytes", "max_objects", "words"), [(79, 10, "takes 80 bytes"), (100, 3, "more than 3 groups")]
)
def test_limits_hold(path: Path, max_bytes: int, max_objects: int, words: str) -> None:
    with pytest.raises(Hdf5Error, match=words):
        check_weights_apart(path, max_bytes, max_objects)


def test_an_attribute_that_makes_the_library_hang_is_refused_in_time(path: Path) -> None:
    # The size of the first object in the heap that keeps texts of attributes.
    change(path, path.read_bytes().index(b"GCOL") + 24, 0xFF)
    with pytest.raises(Hdf5Error, match="damaged"):
        check_weights_apart(path, 100, 10, seconds=2)


def test_values_that_are_damaged_are_refused(path: Path) -> None:
    with h5py.File(path) as file:
        offset = file["dense/bias"].id.get_chunk_info(0).byte_offset
    change(path, offset + 4, 0xA5)
    with pytest.raises(Hdf5Error, match="damaged"):
        check_weights_apart(path, 100, 10)


def test_text_of_any_length_is_refused(path: Path) -> None:
    with h5py.File(path, "a") as file:
        file["words"] = ["a", "b"]
    with pytest.raises(Hdf5Error, match="weights are numbers") as caught:
        check_weights_apart(path, 1000, 10)
    assert caught.value.name == "words"
