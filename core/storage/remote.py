"""A store behind an fsspec filesystem, S3 above all."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import fsspec

from core.storage.errors import ObjectNotFoundError, full_disk_told
from core.storage.keys import checkpoint_key, object_key
from core.storage.protocol import StoredObject
from core.storage.staging import CHUNK_BYTES, move_into_place, read_chunks, staged_file, write_chunks


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

    def check(self) -> None:
        self._filesystem.exists(self._path(object_key("0" * 64)))

    def _path(self, key: str) -> str:
        return f"{self._prefix}/{key}"

    def _upload(self, staged: Path, key: str, stored: StoredObject) -> None:
        path = self._path(key)
        if self._filesystem.exists(path) and self._filesystem.size(path) == stored.size_bytes:
            return
        self._filesystem.put_file(str(staged), path)

    def _download(self, key: str, staged: Path) -> None:
        with full_disk_told(self._cache):
            self._filesystem.get_file(self._path(key), str(staged))

    def _delete(self, key: str) -> None:
        try:
            self._filesystem.rm_file(self._path(key))
        except FileNotFoundError:
            return
