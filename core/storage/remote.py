"""A store behind an fsspec filesystem, S3 above all."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import fsspec

from core.storage.errors import ObjectNotFoundError, full_disk_told
from core.storage.keys import CHECKPOINTS, OBJECTS, checkpoint_key, is_job_id, is_sha256, object_key
from core.storage.protocol import FileFacts, StoredObject
from core.storage.staging import CHUNK_BYTES, move_into_place, read_chunks, staged_file, write_chunks

_YOUNG: Final = timedelta(hours=1)


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
        self._filesystem, self._prefix = fsspec.url_to_fs(url.rstrip("/"), **quiet)
        self._cache = cache

    def put_stream(self, chunks: Iterable[bytes]) -> StoredObject:
        # The digest names the object, so that all bytes must be seen before the upload can begin.
        with staged_file(self._cache) as staged:
            stored = write_chunks(staged, chunks)
            self._upload(staged, object_key(stored.sha256), stored)
        return stored

    def put_file(self, path: Path) -> StoredObject:
        return self.put_stream(read_chunks(path))

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

    def put_checkpoint(self, job_id: str, path: Path) -> None:
        self._filesystem.put_file(str(path), self._path(checkpoint_key(job_id)))

    def get_checkpoint(self, job_id: str) -> Path | None:
        key = checkpoint_key(job_id)
        destination = self._cache / key
        with staged_file(self._cache) as staged:
            try:
                self._download(key, staged)
            except FileNotFoundError:
                return None
            move_into_place(staged, destination)
        return destination

    def delete_checkpoint(self, job_id: str) -> None:
        key = checkpoint_key(job_id)
        self._delete(key)
        (self._cache / key).unlink(missing_ok=True)

    def find_checkpoint(self, job_id: str) -> FileFacts | None:
        return self._find(checkpoint_key(job_id))

    def list_checkpoints(self) -> Iterator[str]:
        return filter(is_job_id, self._list(CHECKPOINTS))

    def check(self) -> None:
        self._filesystem.exists(self._path(object_key("0" * 64)))

    def _path(self, key: str) -> str:
        return f"{self._prefix}/{key}"

    def _upload(self, staged: Path, key: str, stored: StoredObject) -> None:
        found = self._find(key)
        is_whole = found is not None and found.size_bytes == stored.size_bytes
        if found is not None and is_whole and found.modified_at > datetime.now(UTC) - _YOUNG:
            return
        # An old object is uploaded again: no other way to make it young is known to every filesystem.
        self._filesystem.put_file(str(staged), self._path(key))

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
