"""A store in a folder."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.storage.errors import ObjectNotFoundError
from core.storage.keys import checkpoint_key, object_key
from core.storage.protocol import StoredObject
from core.storage.staging import move_into_place, read_chunks, staged_file, write_chunks


class LocalStore:
    """An `ObjectStore` in a folder of this machine, or of one that all machines mount.

    Args:
        folder: made where it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._staging = folder / "staging"

    def put_stream(self, chunks: Iterable[bytes]) -> StoredObject:
        with staged_file(self._staging) as staged:
            stored = write_chunks(staged, chunks)
            destination = self._folder / object_key(stored.sha256)
            if not destination.exists():
                move_into_place(staged, destination)
        return stored

    def put_file(self, path: Path) -> StoredObject:
        return self.put_stream(read_chunks(path))

    def open(self, sha256: str) -> BinaryIO:
        try:
            return (self._folder / object_key(sha256)).open("rb")
        except FileNotFoundError:
            raise ObjectNotFoundError(sha256) from None

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        path = self._folder / object_key(sha256)
        if not path.exists():
            raise ObjectNotFoundError(sha256)
        yield path

    def exists(self, sha256: str) -> bool:
        return (self._folder / object_key(sha256)).exists()

    def delete(self, sha256: str) -> None:
        (self._folder / object_key(sha256)).unlink(missing_ok=True)

    def put_checkpoint(self, job_id: str, path: Path) -> None:
        destination = self._folder / checkpoint_key(job_id)
        with staged_file(self._staging) as staged:
            write_chunks(staged, read_chunks(path))
            move_into_place(staged, destination)

    def get_checkpoint(self, job_id: str) -> Path | None:
        path = self._folder / checkpoint_key(job_id)
        return path if path.exists() else None

    def delete_checkpoint(self, job_id: str) -> None:
        (self._folder / checkpoint_key(job_id)).unlink(missing_ok=True)

    def check(self) -> None:
        with staged_file(self._staging) as staged:
            write_chunks(staged, [b"is there room?"])
