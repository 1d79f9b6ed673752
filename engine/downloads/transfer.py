"""One file from a URL to the disk, with a display of how far it has come."""

from __future__ import annotations

import http.client
import re
import sys
import time
import urllib.error
import urllib.request
from typing import Any, BinaryIO

_ATTEMPTS = 5
_TIMEOUT_SECONDS = 60
_CHUNK_BYTES = 256 * 1024
_DISPLAY_INTERVAL_SECONDS = 0.1


class DownloadError(OSError):
    """A file could not be downloaded; the message names the URL and the reason."""


class Transfer:
    """A file on its way from a URL. After a cut it goes on where it stopped if the server permits, else anew.

    Args:
        origin: the URL.
        file: where the bytes go; open for writing, empty.
    """

    def __init__(self, origin: str, file: BinaryIO) -> None:
        self.origin = origin
        self.file = file
        self._size: int | None = None
        # What tells that the server's file is still the same one: an ETag or a date.
        self._validator: str | None = None
        self._shown_at = 0.0

    def run(self) -> None:
        """Fetch the whole file.

        Raises:
            DownloadError: the server refuses, or the connection is cut again and again.
        """
        print(f"Downloading data from {self.origin}", flush=True)
        reason = ""
        for _ in range(_ATTEMPTS):
            before = self.file.tell()
            try:
                self._read_answer()
                if self._size is None or self.file.tell() >= self._size:
                    self._show(finished=True)
                    return
                reason = f"the connection was cut after {self.file.tell()} of {self._size} bytes"
            except urllib.error.HTTPError as error:
                with error:
                    raise self._failure(f"{error.code} -- {error.msg}") from error
            except (OSError, http.client.HTTPException, ValueError) as error:
                reason = str(getattr(error, "reason", error)) or type(error).__name__
            if self.file.tell() <= before:
                break
        raise self._failure(reason)

    def _failure(self, reason: str) -> DownloadError:
        return DownloadError(f"URL fetch failure on {self.origin}: {reason}")

    def _read_answer(self) -> None:
        """Ask for what is missing and write what comes."""
        done = self.file.tell()
        request = urllib.request.Request(self.origin)
        if done and self._validator:
            request.add_header("Range", f"bytes={done}-")
            request.add_header("If-Range", self._validator)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            if not self._continues(answer, done):
                self.file.seek(0)
                self.file.truncate()
                length = answer.headers.get("Content-Length")
                self._size = int(length) if length else None
                self._validator = _find_validator(answer.headers)
            while chunk := answer.read(_CHUNK_BYTES):
                self.file.write(chunk)
                self._show()

    @staticmethod
    def _continues(answer: Any, done: int) -> bool:
        found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
        return getattr(answer, "status", None) == 206 and found is not None and int(found[1]) == done

    def _show(self, finished: bool = False) -> None:
        """Rewrite the line on a terminal some ten times a second; elsewhere write one line at the end."""
        now = time.monotonic()
        on_terminal = sys.stdout.isatty()
        if not finished and (not on_terminal or now - self._shown_at < _DISPLAY_INTERVAL_SECONDS):
            return
        self._shown_at = now
        total = f" of {self._size / 1e6:.1f}" if self._size else ""
        text = f"{self.file.tell() / 1e6:.1f}{total} MB"
        # Blanks cover what is left of a longer line, after a start anew.
        print(f"\r{text:<24}" if on_terminal else text, end="\n" if finished else "", flush=True)


def _find_validator(headers: Any) -> str | None:
    tag = headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified")
