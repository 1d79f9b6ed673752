"""Where files are kept: a local folder, or S3 through fsspec."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from core.settings import Settings
from core.storage.errors import ObjectNotFoundError, StorageAwayError, StorageError, StorageFullError
from core.storage.local import LocalStore
from core.storage.protocol import FileFacts, ObjectStore, StoredObject
from core.storage.remote import RemoteStore

__all__ = [
    "FileFacts",
    "ObjectNotFoundError",
    "ObjectStore",
    "StorageAwayError",
    "StorageError",
    "StorageFullError",
    "StoredObject",
    "open_store",
]


def open_store(settings: Settings) -> ObjectStore:
    """Open the store that the settings name: `file:///folder`, or an fsspec URL such as `s3://bucket/prefix`."""
    parts = urlsplit(settings.storage_url)
    if parts.scheme == "file":
        return LocalStore(Path(unquote(parts.path)))
    if parts.scheme and parts.netloc:
        return RemoteStore(settings.storage_url, settings.storage_options, settings.cache_path)
    raise ValueError(
        f"storage_url must be file:///folder or s3://bucket/prefix, found {settings.storage_url!r}."
    )
