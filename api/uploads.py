"""Receiving of uploads: streamed to a file, hashed on the way, never held in memory."""

import asyncio
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Final

from anyio import to_thread
from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from api.deps import SettingsDep
from api.errors import ProblemError
from core.settings import Settings

_BLOCK_BYTES: Final = 1024**2
_ABANDONED_SECONDS: Final = 24 * 3600


@dataclass(frozen=True)
class Upload:
    """A received file; it is gone after the request.

    Attributes:
        path: where the bytes lie. sha256: their hash in hex. filename: as the sender named it, never a path.
        fields: the text fields of a multipart form.
    """

    path: Path
    sha256: str
    size_bytes: int
    media_type: str
    filename: str
    fields: dict[str, str]


def find_uploads_folder(settings: Settings) -> Path:
    """Where uploads lie while their requests last."""
    return settings.home / "uploads"


def remove_abandoned_uploads(settings: Settings) -> None:
    """Remove what a killed server left behind; files of a day ago belong to no request any more."""
    oldest = time.time() - _ABANDONED_SECONDS
    for path in find_uploads_folder(settings).glob("*"):
        with suppress(FileNotFoundError):  # its request has ended, or another one removes it too
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


class _HashedFile:
    """Writes blocks to a file and hashes them."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.hash = hashlib.sha256()
        self.size_bytes = 0

    def write(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            self.file.write(chunk)
            self.hash.update(chunk)
            self.size_bytes += len(chunk)

    def copy(self, source: BinaryIO) -> None:
        source.seek(0)
        self.write(iter(partial(source.read, _BLOCK_BYTES), b""))


async def receive_upload(request: Request, settings: SettingsDep) -> AsyncIterator[Upload]:
    """Write the request's body, or the field `file` of its multipart form, into a temporary file."""
    folder = find_uploads_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    await to_thread.run_sync(remove_abandoned_uploads, settings)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    descriptor, name = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            target = _HashedFile(file)
            if media_type == "multipart/form-data":
                media_type, filename, fields = await _receive_form(request, target)
            else:
                filename, fields = "", {}
                await _receive_body(request, target)
        yield Upload(Path(name), target.hash.hexdigest(), target.size_bytes, media_type, filename, fields)
    finally:
        os.unlink(name)


UploadDep = Annotated[Upload, Depends(receive_upload, scope="function")]


async def _receive_body(request: Request, target: _HashedFile) -> None:
    """Write the body as it comes: a thread writes one block while the next one arrives."""
    writing: asyncio.Future[None] | None = None
    pending: list[bytes] = []
    size_bytes = 0
    try:
        async for chunk in request.stream():
            pending.append(chunk)
            size_bytes += len(chunk)
            if size_bytes >= _BLOCK_BYTES:
                if writing is not None:
                    await writing
                writing = asyncio.ensure_future(to_thread.run_sync(target.write, pending))
                pending, size_bytes = [], 0
    finally:
        # Also of a body that breaks off: the file must not be closed under the thread.
        if writing is not None:
            await writing
    await to_thread.run_sync(target.write, pending)


async def _receive_form(request: Request, target: _HashedFile) -> tuple[str, str, dict[str, str]]:
    async with request.form(max_files=2, max_fields=16, max_part_size=16 * _BLOCK_BYTES) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            found = ", ".join(form) or "none"
            detail = f"The form needs a file in the field 'file'. Found fields: {found}."
            raise ProblemError(422, detail, name="invalid-request", pointer="/file")
        await to_thread.run_sync(target.copy, file.file)
        fields = await _read_fields(form)
        return file.content_type or "", Path(file.filename or "").name, fields


async def _read_fields(form: FormData) -> dict[str, str]:
    fields = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields[name] = value
        elif name != "file":
            fields[name] = (await value.read()).decode("utf-8", "replace")
    return fields
