"""Files damaged at random: whatever is wrong with them is a `DatasetError`, never another exception."""

import io
import random
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from PIL import Image

from core.datasets import DatasetError, Limits, inspect_file

LIMITS = Limits(max_decompressed_bytes=10_000_000, read_seconds=3)
TRIALS = 40


def write_npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, x=np.arange(60.0).reshape(20, 3), y=np.array(["a", "b"] * 10))


def write_npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.arange(60.0).reshape(20, 3))


def write_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("group/x", data=np.arange(60.0).reshape(20, 3), compression="gzip", shuffle=True)
        file["names"] = ["a", "b"] * 10


def write_csv(path: Path) -> None:
    path.write_text("a,b,c\n" + "\n".join(f'{row},"{row / 7}",{"xy"[row % 2]}' for row in range(20)))


def write_parquet(path: Path) -> None:
    table = pa.table({"a": list(range(20)), "k": ["x", "y"] * 10, "l": [[1.0, 2.0]] * 20})
    pa.parquet.write_table(table, path)


def write_images(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for place, (kind, name) in enumerate([("png", "a"), ("jpeg", "b"), ("gif", "a"), ("bmp", "b")]):
            file = io.BytesIO()
            Image.fromarray(np.full((5, 4), place, np.uint8)).save(file, kind)
            archive.writestr(f"{name}/{place}.{kind}", file.getvalue())


WRITERS = {
    "npz": write_npz, "npy": write_npy, "hdf5": write_hdf5, "csv": write_csv, "parquet": write_parquet,
    "images": write_images,
}  # fmt: skip


def damage(data: bytes, chance: random.Random) -> bytes:
    """Cut the data off, or change some of its bytes."""
    if chance.random() < 0.3:
        return data[: chance.randrange(1, len(data))]
    changed = bytearray(data)
    for _ in range(chance.choice([1, 2, 8])):
        changed[chance.randrange(len(changed))] = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])
    return bytes(changed)


@pytest.mark.parametrize("fmt", WRITERS)
def test_damaged_files_are_read_or_refused_in_words(tmp_path: Path, fmt: str) -> None:
    path = tmp_path / "data"
    WRITERS[fmt](path)
    assert inspect_file(path, LIMITS, fmt).format == fmt
    sound, chance, refused = path.read_bytes(), random.Random(7), 0
    for trial in range(TRIALS):
        path.write_bytes(damage(sound, chance))
        try:
            inspect_file(path, LIMITS, fmt)
        except DatasetError:
            refused += 1
        except Exception as error:
            pytest.fail(f"trial {trial}: {type(error).__name__}: {error}")
    assert refused > TRIALS / 10
