"""Files under way: written beside their destination, and moved or removed when done."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from core.storage.errors import full_disk_told
from core.storage.protocol import StoredObject

CHUNK_BYTES: Final = 1024 * 1024

_ABANDONED_SECONDS: Final = 24 * 3600


@contextmanager
def staged_file(folder: Path) -> Iterator[Path]:
    """An empty file in `folder`, removed at the end of the block unless it was moved away.

    A killed writer leaves its file behind; later ones remove those that are a day old.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        _remove_abandoned(folder)
    with full_disk_told(folder):
        descriptor, name = tempfile.mkstemp(dir=folder, prefix="part-")
    os.close(descriptor)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def write_chunks(path: Path, chunks: Iterable[bytes]) -> StoredObject:
    """Write bytes to a file until they are safely on the disk, and tell their digest.

    Raises:
        StorageFullError: there is no room.
    """
    digest, size_bytes = hashlib.sha256(), 0
    chunks = iter(chunks)
    with full_disk_told(path.parent), path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size_bytes += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return StoredObject(digest.hexdigest(), size_bytes)


def link_file(path: Path, staged: Path) -> None:
    """Make a staged file another name of a file, as young as this moment and safely on the disk.

    Raises:
        OSError: the filesystem cannot do that.
    """
    staged.unlink()
    os.link(path, staged)
    os.utime(staged)
    with staged.open("rb") as file:
        os.fsync(file.fileno())


def read_chunks(path: Path) -> Iterator[bytes]:
    """Read a file in pieces."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def move_into_place(staged: Path, destination: Path) -> None:
    """Give a staged file its name, in one step that also survives a loss of power."""
    with full_disk_told(destination.parent):
        destination.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(destination)
    folder = os.open(destination.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove_abandoned(folder: Path) -> None:
    oldest = time.time() - _ABANDONED_SECONDS
    for path in folder.glob("part-*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()
