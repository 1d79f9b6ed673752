"""Files on the way: streamed up with progress, streamed down and checked."""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import httpx

from client.errors import KerasdError
from client.records import Artifact
from client.transport import Transport, choose_pause

BLOCK_BYTES: Final = 256 * 1024

Progress = Callable[[int, int], None]
"""Called with the bytes moved so far and the bytes in all."""


def make_name(path: Path) -> str:
    """The file's own name with the characters that the service allows in names."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", path.stem).lstrip(".")[:100] or "unnamed"


def read_blocks(path: Path, progress: Progress | None) -> Iterator[bytes]:
    """Read a file in blocks and tell the progress."""
    total = path.stat().st_size
    sent = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block
            sent += len(block)
            if progress is not None:
                progress(sent, total)


def download(
    transport: Transport, artifact: Artifact, target: Path, progress: Progress | None = None
) -> None:
    """Download an artifact; `target` appears complete and with the right SHA-256, or not at all.

    A broken connection is taken up again where it broke.
    Raises: KerasdError: the service cannot be reached, or sent other bytes than it had promised.
    """
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            received = _receive(transport, artifact, file, progress)
            file.flush()
            os.fsync(file.fileno())
        if received != artifact.sha256:
            detail = (
                f"{artifact.name} came with the SHA-256 {received}, not {artifact.sha256}. Fetch it again."
            )
            raise KerasdError("Damaged download", detail)
        _grant_usual_rights(name)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _receive(transport: Transport, artifact: Artifact, file: BinaryIO, progress: Progress | None) -> str:
    """Write the artifact's bytes to the file. Returns: their SHA-256."""
    digest = hashlib.sha256()
    failures = 0
    while True:
        start = file.tell()
        try:
            for block in _read_from(transport, artifact, start):
                file.write(block)
                digest.update(block)
                if progress is not None:
                    progress(file.tell(), artifact.size_bytes)
            return digest.hexdigest()
        except httpx.TransportError as exc:
            failures = 0 if file.tell() > start else failures + 1
            if failures > transport.retries:
                raise transport.describe_failure(exc) from exc
            time.sleep(choose_pause(failures))


def _read_from(transport: Transport, artifact: Artifact, start: int) -> Iterator[bytes]:
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": f'"{artifact.sha256}"'}
    with transport.stream(artifact.url, headers=headers) as response:
        skip = start if response.status_code != 206 else 0
        for block in response.iter_bytes(BLOCK_BYTES):
            yield block[skip:]
            skip = max(0, skip - len(block))


def _grant_usual_rights(name: str) -> None:
    """Give a temporary file the rights that a newly opened one would have."""
    umask = os.umask(0)
    os.umask(umask)
    os.chmod(name, 0o666 & ~umask)
