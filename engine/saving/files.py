"""HDF5 files from strangers, and files that are whole or not there at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

# How far data sets may be compressed, from which size on; weights hardly shrink.
_COMPRESSION = 1000
_UNSUSPICIOUS_BYTES = 64 * 1024 * 1024


@contextmanager
def replace_file(path: Path, overwrite: bool = True) -> Iterator[Path]:
    """Give a temporary path beside `path` and move it there once all is written.

    Args:
        path: the file to write.
        overwrite: whether to replace an existing file without asking; asking needs a terminal.

    Raises:
        FileExistsError: the file is there, `overwrite` is False, and the user did not agree.
    """
    if not overwrite and path.exists() and not ask_to_proceed_with_overwrite(path):
        raise FileExistsError(f"{path} exists already; pass `overwrite=True` to replace it.")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _set_default_mode(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _set_default_mode(path: Path) -> None:
    """Give the file the permissions that a plain `open` would have given it."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def ask_to_proceed_with_overwrite(filepath: Any) -> bool:
    """Ask the user whether to replace a file; without a terminal the answer is no."""
    if not sys.stdin.isatty():
        return False
    answer = input(f"[WARNING] {filepath} already exists - overwrite? [y/n] ")
    return answer.strip().lower() == "y"


@contextmanager
def open_for_reading(filepath: Any) -> Iterator[Any]:
    """Open an HDF5 file (or take an open one) after checking that it reaches nowhere else.

    Raises:
        ValueError: the file is no HDF5, or has links or data sets that point out of it.
    """
    if isinstance(filepath, h5py.Group):
        yield filepath
        return
    path = Path(filepath)
    if not path.exists():
        raise FileNotFoundError(f"There is no file {path}.")
    if not h5py.is_hdf5(path):
        raise ValueError(f"{path} is not an HDF5 file.")
    with h5py.File(path, "r") as file:
        check_self_contained(file)
        yield file


def check_self_contained(group: Any, prefix: str = "") -> None:
    """Refuse soft and external links, external storage, virtual data sets, and data sets that are hardly there.

    Raises:
        ValueError: there is one; the error names it.
    """
    for name in group:
        path = f"{prefix}/{name}"
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise ValueError(
                f"The HDF5 file has a link at {path!r} ({type(link).__name__}); links are refused."
            )
        member = group[name]
        if isinstance(member, h5py.Group):
            check_self_contained(member, path)
        elif isinstance(member, h5py.Dataset):
            if member.external or member.is_virtual:
                raise ValueError(
                    f"The data set {path!r} keeps its data outside the HDF5 file, which is refused."
                )
            stored = member.id.get_storage_size()
            if member.nbytes > max(_UNSUSPICIOUS_BYTES, _COMPRESSION * stored):
                raise ValueError(
                    f"The data set {path!r} takes {member.nbytes:,} bytes of memory but {stored:,} in the file, which "
                    "is refused."
                )
