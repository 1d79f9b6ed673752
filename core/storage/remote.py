"""A store behind an fsspec filesystem, S3 above all."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import fsspec

from core.storage.errors import ObjectNotFoundError, full_disk_told
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
from core.storage.outage import OutageTellingFilesystem
from core.storage.protocol import FileFacts, StoredObject, sum_up
from core.storage.staging import CHUNK_BYTES, read_chunks, staged_file, write_chunks

_YOUNG: Final = timedelta(hours=1)
_UPLOAD_SECONDS: Final = 120.0
_LEAST_BYTES_PER_SECOND: Final = 100_000
"""A server that stops to read an upload, and keeps the connection open, would hold it for ever."""


class RemoteStore:
    """An `ObjectStore` whose servers make an upload visible when it is complete, as S3 does.

    Args:
        url: such as `s3://bucket/prefix`; the bucket must be there.
        options: arguments of the fsspec filesystem, such as `key`, `secret` and `endpoint_url`.
        cache: local folder for what is on its way up or down.
    """

    def __init__(self, url: str, options: Mapping[str, Any], cache: Path) -> None:
        # The listings of a filesystem are kept in memory, where other processes' writes are not seen.
        quiet = {"use_listings_cache": False, **options}
        filesystem, self._prefix = fsspec.url_to_fs(url.rstrip("/"), **quiet)
        self._filesystem = OutageTellingFilesystem(filesystem, url)
        self._cache = cache

    def put_stream(self, chunks: Iterable[bytes]) -> StoredObject:
        # The digest names the object, so that all bytes must be seen before the upload can begin.
        with staged_file(self._cache) as staged:
            stored = write_chunks(staged, chunks)
            self._upload(staged, object_key(stored.sha256), stored)
        return stored

    def put_file(self, path: Path) -> StoredObject:
        return self.put_stream(read_chunks(path))

    def adopt_file(self, path: Path, sha256: str) -> None:
        self._upload(path, object_key(sha256), StoredObject(sha256, path.stat().st_size))

    def open(self, sha256: str) -> BinaryIO:
        try:
            return self._filesystem.open(self._path(object_key(sha256)), "rb", block_size=CHUNK_BYTES)
        except FileNotFoundError:
            raise ObjectNotFoundError(sha256) from None

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        with staged_file(self._cache) as staged:
            try:
                self._download(object_key(sha256), staged)
            except FileNotFoundError:
                raise ObjectNotFoundError(sha256) from None
            yield staged

    def exists(self, sha256: str) -> bool:
        return self._filesystem.exists(self._path(object_key(sha256)))

    def delete(self, sha256: str) -> None:
        self._delete(object_key(sha256))

    def find_object(self, sha256: str) -> FileFacts | None:
        return self._find(object_key(sha256))

    def list_objects(self) -> Iterator[str]:
        # A folder at a time: no listing of a large store fits into memory.
        for folder in self._list(OBJECTS):
            yield from filter(is_sha256, self._list(f"{OBJECTS}/{folder}"))

    def put_checkpoint(self, job_id: str, attempt: int, path: Path) -> None:
        key = checkpoint_key(job_id, attempt)
        self._put(path, key)
        found = self._checkpoints(job_id)
        for older in found[found.index(key) + 1 :] if key in found else []:
            self._delete(older)

    def open_checkpoint(self, job_id: str) -> BinaryIO | None:
        while found := self._checkpoints(job_id):
            # The newest of them goes away only for a newer one, or for good.
            with suppress(FileNotFoundError), staged_file(self._cache) as staged:
                self._download(found[0], staged)
                return staged.open("rb")
        return None

    def delete_checkpoint(self, job_id: str) -> None:
        for key in self._checkpoints(job_id):
            self._delete(key)

    def find_checkpoint(self, job_id: str) -> FileFacts | None:
        found = [self._find(key) for key in self._checkpoints(job_id)]
        return sum_up(facts for facts in found if facts is not None)

    def list_checkpoints(self) -> Iterator[str]:
        return iter(
            {name for folder in (ATTEMPTS, UNNUMBERED) for name in self._list(folder) if is_job_id(name)}
        )

    def check(self) -> None:
        self._filesystem.exists(self._path(object_key("0" * 64)))

    def _checkpoints(self, job_id: str) -> list[str]:
        """The keys of a job's checkpoints, the newest attempt's first."""
        folder, unnumbered = checkpoint_folder(job_id), unnumbered_key(job_id)
        numbered = [f"{folder}/{number}" for number in sort_attempts(self._list(folder))]
        return [*numbered, unnumbered] if self._filesystem.isfile(self._path(unnumbered)) else numbered

    def _path(self, key: str) -> str:
        return f"{self._prefix}/{key}"

    def _upload(self, staged: Path, key: str, stored: StoredObject) -> None:
        found = self._find(key)
        is_whole = found is not None and found.size_bytes == stored.size_bytes
        if found is not None and is_whole and found.modified_at > datetime.now(UTC) - _YOUNG:
            return
        # An old object is uploaded again: no other way to make it young is known to every filesystem.
        self._put(staged, key)

    def _put(self, path: Path, key: str) -> None:
        seconds = _UPLOAD_SECONDS + path.stat().st_size / _LEAST_BYTES_PER_SECOND
        self._filesystem.put_file(str(path), self._path(key), timeout=seconds)

    def _download(self, key: str, staged: Path) -> None:
        with full_disk_told(self._cache):
            self._filesystem.get_file(self._path(key), str(staged))

    def _delete(self, key: str) -> None:
        try:
            self._filesystem.rm_file(self._path(key))
        except FileNotFoundError:
            return

    def _find(self, key: str) -> FileFacts | None:
        path = self._path(key)
        try:
            size_bytes, modified_at = self._filesystem.size(path), self._filesystem.modified(path)
        except FileNotFoundError:
            return None
        in_utc = modified_at.astimezone(UTC) if modified_at.tzinfo else modified_at.replace(tzinfo=UTC)
        return FileFacts(size_bytes, in_utc)

    def _list(self, folder: str) -> list[str]:
        try:
            names = self._filesystem.ls(self._path(folder), detail=False)
        except FileNotFoundError:
            return []
        return [name.rstrip("/").rpartition("/")[2] for name in names]
