"""Files of every kind that the API takes, sound and damaged."""

import io
import zipfile
from collections.abc import Callable
from typing import Any, Final

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from hypothesis import strategies as st
from PIL import Image

MODEL: Final[dict[str, Any]] = {
    "class_name": "Sequential",
    "config": [
        {"class_name": "Dense", "config": {"name": "a", "units": 3, "batch_input_shape": [None, 2]}},
        {"class_name": "Dense", "config": {"name": "b", "units": 1, "activation": "sigmoid"}},
    ],
}
WEIGHTS: Final = {"a": (2, 3), "b": (3, 1)}
TABLE: Final = {"x": np.linspace(0, 1, 24).reshape(12, 2).astype(np.float32), "y": np.arange(12) % 2}
# Sizes, offsets and marks that readers of files trip over.
TELLING: Final = [
    b"", b"\x00", b"\xff", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"'", b'"',
    b",", b"\n", b"\r", b"{", b"(", b"1e999", b"nan", b"PK\x03\x04", b"PK\x05\x06", b"\x89HDF\r\n\x1a\n", b"PAR1",
    b"\x93NUMPY", "\u202e\U0001f389".encode(),
]  # fmt: skip


def saved(write: Callable[[io.BytesIO], Any]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def to_hdf5(compression: str | None) -> bytes:
    def write(target: io.BytesIO) -> None:
        with h5py.File(target, "w") as file:
            for name, array in TABLE.items():
                file.create_dataset(name, data=array, compression=compression, chunks=(4, *array.shape[1:]))

    return saved(write)


def to_weights(layout: str) -> bytes:
    """Weights as Keras 2 keeps them: at the root, or under model_weights in a file of the whole model."""

    def write(target: io.BytesIO) -> None:
        with h5py.File(target, "w") as file:
            group = file if layout == "weights" else file.create_group("model_weights")
            group.attrs["layer_names"] = [name.encode() for name in WEIGHTS]
            group.attrs["keras_version"], group.attrs["backend"] = b"2.1.6", b"tensorflow"
            for name, shape in WEIGHTS.items():
                layer = group.create_group(name)
                layer.attrs["weight_names"] = [f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()]
                layer[f"{name}/kernel:0"] = np.ones(shape, np.float32)
                layer[f"{name}/bias:0"] = np.zeros(shape[-1], np.float32)

    return saved(write)


def to_zip(files: dict[str, bytes]) -> bytes:
    def write(target: io.BytesIO) -> None:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)

    return saved(write)


def to_image(form: str) -> bytes:
    return saved(lambda file: Image.new("RGB", (4, 3), (9, 8, 7)).save(file, form))


def make_datasets() -> dict[str, bytes]:
    """A small sound file of each format."""
    columns = {"a": TABLE["x"][:, 0], "b": TABLE["x"][:, 1], "label": ["cat", "dog"] * 6, "n": TABLE["y"]}
    table = pa.table(columns)
    pictures = {
        f"{label}/{place}.{form.lower()}": to_image(form)
        for label in ("cat", "dog")
        for place, form in enumerate(("PNG", "JPEG", "BMP", "GIF"))
    }
    return {
        "npy": saved(lambda file: np.save(file, TABLE["x"])),
        "npz": saved(lambda file: np.savez(file, **TABLE)),  # type: ignore[arg-type]
        "npz, compressed": saved(lambda file: np.savez_compressed(file, **TABLE)),  # type: ignore[arg-type]
        "csv": saved(lambda file: pyarrow.csv.write_csv(table, file)),
        "parquet": saved(lambda file: pyarrow.parquet.write_table(table, file)),
        "parquet, zstd": saved(lambda file: pyarrow.parquet.write_table(table, file, compression="zstd")),
        "hdf5": to_hdf5(None),
        "hdf5, gzip": to_hdf5("gzip"),
        "images": to_zip(pictures),
    }


DATASETS: Final = make_datasets()
WEIGHTS_FILES: Final = {layout: to_weights(layout) for layout in ("weights", "model")}


@st.composite
def damaged(draw: st.DrawFn, files: dict[str, bytes]) -> tuple[str, bytes]:
    """One of the files with some places changed, and what it was."""
    name = draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, max(len(content) - 1, 0)))
        match draw(st.sampled_from(["flip", "put", "insert", "remove", "double", "cut"])):
            case "flip" if content:
                content[start] ^= 1 << draw(st.integers(0, 7))
            case "put":
                found = draw(st.sampled_from(TELLING) | st.binary(max_size=8))
                content[start : start + len(found)] = found
            case "insert":
                content[start:start] = draw(st.sampled_from(TELLING) | st.binary(max_size=64))
            case "remove":
                del content[start : start + draw(st.integers(1, 64))]
            case "double":
                content[start:start] = content[start : start + draw(st.integers(1, 256))]
            case _:
                # Rarely: most of what lies behind the cut is never looked at then.
                if draw(st.integers(0, 3)) == 0:
                    del content[start:]
    return name, bytes(content)
