"""A store in a folder."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from core.storage.errors import ObjectNotFoundError
from core.storage.keys import (
    ATTEMPTS,
    OBJECTS,
    UNNUMBERED,
    checkpoint_folder,
    checkpoint_key,
    is_job_id,
    is_sha256,
    object_key,
    sort_attempts,
    unnumbered_key,
)
from core.storage.protocol import FileFacts, StoredObject, sum_up
from core.storage.staging import link_file, move_into_place, read_chunks, staged_file, write_chunks


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

    def adopt_file(self, path: Path, sha256: str) -> None:
        with staged_file(self._staging) as staged:
            try:
                link_file(path, staged)
            except OSError:  # another filesystem, or one without links
                self.put_file(path)
                return
            move_into_place(staged, self._folder / object_key(sha256))

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
        return self._find(self._folder / object_key(sha256))

    def list_objects(self) -> Iterator[str]:
        for folder in _list(self._folder / OBJECTS):
            yield from (path.name for path in _list(folder) if is_sha256(path.name))

    def put_checkpoint(self, job_id: str, attempt: int, path: Path) -> None:
        destination = self._folder / checkpoint_key(job_id, attempt)
        with staged_file(self._staging) as staged:
            write_chunks(staged, read_chunks(path))
            move_into_place(staged, destination)
        found = self._checkpoints(job_id)
        for older in found[found.index(destination) + 1 :] if destination in found else []:
            older.unlink(missing_ok=True)

    def open_checkpoint(self, job_id: str) -> BinaryIO | None:
        while found := self._checkpoints(job_id):
            # The newest of them goes away only for a newer one, or for good.
            with suppress(FileNotFoundError):
                return found[0].open("rb")
        return None

    def delete_checkpoint(self, job_id: str) -> None:
        for path in self._checkpoints(job_id):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # it is not there, or an attempt that is over has put another file
            (self._folder / checkpoint_folder(job_id)).rmdir()

    def find_checkpoint(self, job_id: str) -> FileFacts | None:
        found = [self._find(path) for path in self._checkpoints(job_id)]
        return sum_up(facts for facts in found if facts is not None)

    def list_checkpoints(self) -> Iterator[str]:
        folders = (self._folder / ATTEMPTS, self._folder / UNNUMBERED)
        return iter({path.name for folder in folders for path in _list(folder) if is_job_id(path.name)})

    def check(self) -> None:
        with staged_file(self._staging) as staged:
            write_chunks(staged, [b"is there room?"])

    def _checkpoints(self, job_id: str) -> list[Path]:
        """The files of a job's checkpoints, the newest attempt's first."""
        folder = self._folder / checkpoint_folder(job_id)
        numbered = [folder / str(number) for number in sort_attempts(path.name for path in _list(folder))]
        unnumbered = self._folder / unnumbered_key(job_id)
        return [*numbered, unnumbered] if unnumbered.is_file() else numbered

    @staticmethod
    def _find(path: Path) -> FileFacts | None:
        try:
            facts = path.stat()
        except FileNotFoundError:
            return None
        return FileFacts(facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))


def _list(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
