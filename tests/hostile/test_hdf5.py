"""HDF5 files of strangers: as a data set, as a model, and in the engine's own loaders."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine.models import load_model
from tests.hostile.conftest import Traps
from tests.hostile.definitions import DENSE, layer, sequential

MIB = 1024**2


def link_out(file: h5py.File, traps: Traps) -> None:
    file["x"] = h5py.ExternalLink(str(traps.secret), "/x")


def link_softly(file: h5py.File, traps: Traps) -> None:
    file["y"] = np.zeros(3)
    file["x"] = h5py.SoftLink("/y")


def store_outside(file: h5py.File, traps: Traps) -> None:
    """CVE-2026-1669."""
    file.create_dataset("x", (12,), "u1", external=[(str(traps.secret), 0, 12)])


def be_virtual(file: h5py.File, traps: Traps) -> None:
    layout = h5py.VirtualLayout((3,), "u1")
    layout[:] = h5py.VirtualSource(str(traps.secret), "x", (3,))
    file.create_virtual_dataset("x", layout)


def declare_much(file: h5py.File, traps: Traps) -> None:
    """CVE-2026-0897."""
    file.create_dataset("x", (10**9, 10**6), "f4", chunks=(1, 10**6))


def declare_many(file: h5py.File, traps: Traps) -> None:
    for place in range(100):
        file.create_dataset(f"x{place}", (10**9,), "f4", chunks=(10**6,))


def unpack_much(file: h5py.File, traps: Traps) -> None:
    file.create_dataset("x", data=np.zeros(80 * MIB, "u1"), compression="gzip", chunks=(MIB,))


def refer(file: h5py.File, traps: Traps) -> None:
    file.create_dataset("x", (3,), h5py.ref_dtype)


def be_opaque(file: h5py.File, traps: Traps) -> None:
    file["x"] = np.array([b"abc"], "V3")


def nest(file: h5py.File, traps: Traps) -> None:
    group = file
    for _ in range(200):
        group = group.create_group("g")
    group["x"] = np.zeros(3)


def circle(file: h5py.File, traps: Traps) -> None:
    file.create_group("a")["back"] = file


def need_plugin(file: h5py.File, traps: Traps) -> None:
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((3,))
    creation.set_filter(32013, h5py.h5z.FLAG_OPTIONAL)
    h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((3,)), creation)


ATTACKS = [
    link_out, link_softly, store_outside, be_virtual, declare_much, declare_many, unpack_much, refer, be_opaque,
    nest, circle, need_plugin,
]  # fmt: skip


def write(path: Path, attack: Callable[[h5py.File, Traps], None], traps: Traps) -> bytes:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(sequential(DENSE))
        file.attrs["keras_version"] = "2.1.6"
        attack(file.create_group("model_weights"), traps)
    return path.read_bytes()


@pytest.mark.parametrize("place", ["/v1/datasets", "/v1/models"])
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_files_reach_nothing_and_unpack_little(
    place: str, attack: Any, traps: Traps, tmp_path: Path, refuse: Any
) -> None:
    body = write(tmp_path / "file.h5", attack, traps)
    problem = refuse(place, content=body, headers={"content-type": "application/octet-stream"})
    assert "secret words" not in json.dumps(problem)


def test_the_file_as_a_model_ignores_no_rule(traps: Traps, tmp_path: Path, refuse: Any) -> None:
    """CVE-2025-9905: `.h5` files took Lambda whatever the safe mode."""
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        definition = sequential(layer("Lambda", function=["4wAAAA==", None, None], function_type="lambda"))
        file.attrs["model_config"] = json.dumps(definition)
        file.create_group("model_weights")
    refuse("/v1/models", words="Lambda", content=path.read_bytes())
    with pytest.raises(ValueError, match="Lambda"):
        load_model(path)


@pytest.mark.parametrize(
    "attack", [link_out, link_softly, store_outside, be_virtual], ids=lambda attack: attack.__name__
)
def test_the_engine_reads_nothing_outside_the_file(attack: Any, traps: Traps, tmp_path: Path) -> None:
    write(tmp_path / "file.h5", attack, traps)
    with pytest.raises(ValueError, match=r"refused"):
        load_model(tmp_path / "file.h5")


def test_weights_of_absurd_shape_are_not_read_by_the_engine(traps: Traps, tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(sequential(DENSE))
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"dense"]
        dense = group.create_group("dense")
        dense.attrs["weight_names"] = [b"kernel", b"bias"]
        dense.create_dataset("kernel", (10**9, 10**6), "f4", chunks=(1, 10**6))
        dense["bias"] = np.zeros(2)
    with pytest.raises(ValueError, match=r"shape|refused"):
        load_model(path)
