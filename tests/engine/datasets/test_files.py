"""Pickles from strangers."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets.files import load_npz, load_pickle


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    return tmp_path / "made by code in a file"


def test_code_in_a_pickle_is_not_run(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "batch").write_bytes(pickle.dumps({"data": Evil(victim)}))
    with pytest.raises(ValueError, match=r"batch can't be read as data: it names posix\.mkdir"):
        load_pickle(tmp_path / "batch")
    assert not victim.exists()


def test_code_in_an_array_of_objects_is_not_run(tmp_path: Path, victim: Path) -> None:
    array = np.empty(1, dtype=object)
    array[0] = Evil(victim)
    np.savez(tmp_path / "a.npz", x=array)
    with pytest.raises(ValueError, match=r"a\.npz: x\.npy can't be read as data"):
        load_npz(tmp_path / "a.npz")
    assert not victim.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"cnumpy\nndarray\n(J\xff\xff\xff\x7ftR.",
        b"cnumpy.core.multiarray\nscalar\n.",
        b"cbuiltins\neval\n(U\x011tR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(tR(K\x01K\x05N\x89K\x00tb.",
        b"",
        b"\x80\x02}",
    ],
)
def test_what_is_no_data_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "bad").write_bytes(body)
    with pytest.raises(ValueError, match="bad can't be read as data"):
        load_pickle(tmp_path / "bad")


def test_arrays_of_all_kinds(tmp_path: Path) -> None:
    lists = np.empty(2, dtype=object)
    lists[:] = [[1, 2, 3], ["word"]]
    arrays = {
        "floats": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "texts": np.array(["a", "bc"]),
        "lists": lists,
    }
    np.savez(tmp_path / "a.npz", **arrays)
    loaded = load_npz(tmp_path / "a.npz")
    assert set(loaded) == set(arrays)
    for name, array in arrays.items():
        assert loaded[name].tolist() == array.tolist()
        assert loaded[name].dtype == array.dtype


def test_no_npz(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("text")
    with pytest.raises(ValueError, match=r"a\.npz is not an \.npz file"):
        load_npz(tmp_path / "a.npz")
