"""What every store can do."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it was stored."""

    sha256: str
    """In lower-case hexadecimal."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a store tells of a file without reading it."""

    size_bytes: int
    modified_at: datetime
    """By the clock of the store, in UTC."""


class ObjectStore(Protocol):
    """Objects named by the SHA-256 of their bytes, and the checkpoints of jobs.

    Whatever is put appears whole or not at all, however the writer ends.
    """

    def put_stream(self, chunks: Iterable[bytes]) -> StoredObject:
        """Store bytes as they come; bytes stored before are stored once and count as new again.

        Raises:
            StorageFullError: there is no room.
        """

    def put_file(self, path: Path) -> StoredObject:
        """Store a copy of a file.

        Raises:
            StorageFullError: there is no room.
        """

    def adopt_file(self, path: Path, sha256: str) -> None:
        """Store a file whose digest is known and that nobody writes to any more, without a copy where that can be.

        Args:
            path: it may be removed afterwards.
            sha256: of its bytes, as found by this service itself.

        Raises:
            StorageFullError: there is no room.
        """

    def open(self, sha256: str) -> BinaryIO:
        """Open an object to be read and sought in.

        Raises:
            ObjectNotFoundError: there is no such object.
        """

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """A path at which the object can be read while the block runs; not to be written to.

        Raises:
            ObjectNotFoundError: there is no such object.
            StorageFullError: there is no room to fetch it.
        """

    def exists(self, sha256: str) -> bool:
        """Whether the object is there."""

    def delete(self, sha256: str) -> None:
        """Delete an object; one that is not there is no error."""

    def find_object(self, sha256: str) -> FileFacts | None:
        """Size and age of an object; none where there is none."""

    def list_objects(self) -> Iterator[str]:
        """The digests of all objects, in no order; those put or deleted meanwhile may be among them or not."""

    def put_checkpoint(self, job_id: str, attempt: int, path: Path) -> None:
        """Keep a copy of a file as the checkpoint of an attempt, in place of all that it and older ones wrote.

        That of a newer attempt stays the newest, whenever this one is put.

        Raises:
            StorageFullError: there is no room; the one before is still there.
        """

    def open_checkpoint(self, job_id: str) -> BinaryIO | None:
        """Open the checkpoint of a job's newest attempt that has one; none where there is none.

        It can be read to its end even if it is replaced or deleted meanwhile.

        Raises:
            StorageFullError: there is no room to fetch it.
        """

    def delete_checkpoint(self, job_id: str) -> None:
        """Delete the checkpoints of a job; none there is no error."""

    def find_checkpoint(self, job_id: str) -> FileFacts | None:
        """Size of a job's checkpoints and age of the youngest; none where there is none."""

    def list_checkpoints(self) -> Iterator[str]:
        """The identifiers of all jobs with a checkpoint, in no order."""

    def check(self) -> None:
        """Find out whether the store answers.

        Raises:
            Exception: it does not; the error of the file system or of the server says why.
        """


def sum_up(files: Iterable[FileFacts]) -> FileFacts | None:
    """The size of several files together and the age of the youngest; none of none."""
    found = list(files)
    if not found:
        return None
    return FileFacts(sum(facts.size_bytes for facts in found), max(facts.modified_at for facts in found))
