"""A store in a folder."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from core.storage.errors import ObjectNotFoundError
from core.storage.keys import CHECKPOINTS, OBJECTS, checkpoint_key, is_job_id, is_sha256, object_key
from core.storage.protocol import FileFacts, StoredObject
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
            # Over the same bytes too, which makes the object as young as this put.
            move_into_place(staged, self._folder / object_key(stored.sha256))
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

    def find_object(self, sha256: str) -> FileFacts | None:
        return self._find(object_key(sha256))

    def list_objects(self) -> Iterator[str]:
        for folder in _list(self._folder / OBJECTS):
            yield from (path.name for path in _list(folder) if is_sha256(path.name))

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

    def find_checkpoint(self, job_id: str) -> FileFacts | None:
        return self._find(checkpoint_key(job_id))

    def list_checkpoints(self) -> Iterator[str]:
        return (path.name for path in _list(self._folder / CHECKPOINTS) if is_job_id(path.name))

    def check(self) -> None:
        with staged_file(self._staging) as staged:
            write_chunks(staged, [b"is there room?"])

    def _find(self, key: str) -> FileFacts | None:
        try:
            facts = (self._folder / key).stat()
        except FileNotFoundError:
            return None
        return FileFacts(facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))


def _list(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
