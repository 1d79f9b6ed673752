"""`get_file`: a file from a URL, downloaded once (manual, section 20.6)."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from engine.backend.config import keras_directory
from engine.downloads.archive import extract_archive
from engine.downloads.transfer import DownloadError, Transfer

_SHA256_DIGITS = 64


def get_file(
    fname: Any,
    origin: str,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: Any = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
) -> str:
    """Download a file unless it is in the cache, and return its path.

    An interrupted download leaves nothing behind.

    Args:
        fname: the file's name in the cache, or an absolute path.
        origin: the URL.
        untar: unpack a tar archive and return the path of `fname` in it; `extract` is newer.
        md5_hash: older name of `file_hash`.
        file_hash: what the file must hash to; a cached file that does not is downloaded again.
        cache_subdir: folder within the cache, or an absolute path.
        hash_algorithm: `md5`, `sha256`, or `auto` to tell by the hash's length.
        extract: unpack the file if it is an archive.
        archive_format: `tar`, `zip`, `auto` for either, a list of these, or None for neither.
        cache_dir: the cache; by default `KERAS_HOME` or `~/.keras`, or a temporary folder where that can't be
            written.

    Raises:
        DownloadError: the file can't be had, or has another hash.
        ValueError: the archive is refused.
    """
    folder = _make_folder(cache_dir, cache_subdir)
    target = folder / fname
    path = target.with_name(f"{target.name}.tar.gz") if untar else target
    expected = file_hash or md5_hash
    algorithm = hash_algorithm if file_hash or not md5_hash else "md5"
    is_new = not _is_usable(path, expected, algorithm)
    if is_new:
        _download(origin, path, expected, algorithm)
    if untar:
        if is_new or not target.exists():
            extract_archive(path, folder, "tar")
        if not target.exists():
            raise DownloadError(f"The archive from {origin}, kept as {path}, holds no {target.name!r}.")
        return str(target)
    if extract:
        extract_archive(path, folder, archive_format)
    return str(path)


def _make_folder(cache_dir: Any, cache_subdir: Any) -> Path:
    base = Path(cache_dir).expanduser() if cache_dir is not None else keras_directory()
    try:
        (base / cache_subdir).mkdir(parents=True, exist_ok=True)
        writable = os.access(base / cache_subdir, os.W_OK)
    except OSError:
        if cache_dir is not None:
            raise
        writable = False
    if not writable and cache_dir is None:
        # Manual, section 3.3.19.
        base = Path(tempfile.gettempdir()) / ".keras"
        (base / cache_subdir).mkdir(parents=True, exist_ok=True)
    return base / cache_subdir


def _is_usable(path: Path, expected: str | None, algorithm: str) -> bool:
    if not path.exists():
        return False
    if expected is None or validate_file(path, expected, algorithm):
        return True
    print(f"{path} is not the file expected: its {algorithm} hash is not {expected}. It is downloaded again.")
    return False


def _download(origin: str, path: Path, expected: str | None, algorithm: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(temporary, "xb") as file:
            Transfer(origin, file).run()
        if expected is not None and not validate_file(temporary, expected, algorithm):
            raise DownloadError(
                f"The file from {origin} has not the expected hash {expected}: it was damaged on its way or "
                "changed at its source."
            )
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def hash_file(fpath: Any, algorithm: str = "sha256", chunk_size: int = 65535) -> str:
    """Return the hash of a file in hexadecimal digits.

    Args:
        fpath: the file.
        algorithm: `sha256` (also called `auto`) or `md5`.
        chunk_size: bytes read at a time.

    Raises:
        ValueError: the algorithm is unknown.
    """
    if algorithm not in ("sha256", "auto", "md5"):
        raise ValueError(f"Unknown hash algorithm {algorithm!r}: use `sha256`, `md5` or `auto`.")
    digest = hashlib.md5(usedforsecurity=False) if algorithm == "md5" else hashlib.sha256()
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            digest.update(chunk)
    return digest.hexdigest()


def validate_file(fpath: Any, file_hash: str, algorithm: str = "auto", chunk_size: int = 65535) -> bool:
    """Tell whether a file has the given hash.

    Args:
        fpath: the file.
        file_hash: the hash in hexadecimal digits.
        algorithm: `sha256`, `md5`, or `auto` to tell by the hash's length.
        chunk_size: bytes read at a time.
    """
    if algorithm == "auto":
        algorithm = "sha256" if len(file_hash) == _SHA256_DIGITS else "md5"
    return hash_file(fpath, algorithm, chunk_size) == file_hash.lower()
