"""Points on their way to the API, kept on disk until they have arrived."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_OFFSET_SUFFIX = ".delivered"

_log = logging.getLogger(__name__)


class Spool:
    """The points of one attempt, in a file that only grows, and those that earlier attempts left.

    A killed process leaves a file that can be read on: a last line that is cut off was never promised.

    Args:
        folder: of the job, the same for all its attempts.
        attempt: writes its own file, so that an attempt thought dead cannot mix its lines with these.
    """

    def __init__(self, folder: Path, attempt: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        own = folder / f"{attempt:06d}.jsonl"
        self._attempt = attempt
        self._file = own.open("ab")
        # What earlier attempts write from now on comes from one that was thought dead and counts no more.
        self._ends = {path: path.stat().st_size for path in sorted(folder.glob("*.jsonl")) if path < own}
        self._paths = [*self._ends, own]
        self._offsets = {path: _read_offset(path) for path in self._paths}

    def append(self, point: dict[str, Any]) -> None:
        """Keep a point; it survives the death of this process when this returns."""
        self._file.write(json.dumps(point).encode() + b"\n")
        self._file.flush()

    def read(self, limit: int) -> tuple[list[dict[str, Any]], "Receipt | None"]:
        """The next points that have not arrived, in order.

        Returns:
            At most `limit` points, and the receipt to be given to `confirm` when they have arrived; no points
            and None when all have.
        """
        for path in self._paths:
            points, end = _read_points(path, self._offsets[path], limit, self._ends.get(path))
            if points:
                return points, Receipt(path, end)
        return [], None

    def confirm(self, receipt: "Receipt") -> None:
        """These points have arrived."""
        self._offsets[receipt.path] = receipt.end
        offset = receipt.path.with_suffix(_OFFSET_SUFFIX)
        # An attempt that was thought dead may be writing down the same.
        written = offset.with_suffix(f".by-{self._attempt}")
        try:
            written.write_text(str(receipt.end))
            written.replace(offset)
        except OSError as error:
            _log.warning(
                "the next attempt will deliver points again, since %s was not written: %s", offset, error
            )

    def is_empty(self) -> bool:
        """Whether all points have arrived."""
        return self.read(1)[1] is None

    def close(self) -> None:
        """Write no more."""
        self._file.close()


class Receipt:
    """Up to which byte of which file points were read."""

    def __init__(self, path: Path, end: int) -> None:
        self.path = path
        self.end = end


def _read_offset(path: Path) -> int:
    try:
        return int(path.with_suffix(_OFFSET_SUFFIX).read_text())
    except FileNotFoundError:
        return 0


def _read_points(
    path: Path, offset: int, limit: int, file_end: int | None
) -> tuple[list[dict[str, Any]], int]:
    points: list[dict[str, Any]] = []
    with path.open("rb") as file:
        end = os.fstat(file.fileno()).st_size if file_end is None else file_end
        if offset >= end:
            return points, offset
        file.seek(offset)
        for line in _whole_lines(file):
            if len(points) >= limit or offset + len(line) > end:
                break
            points.append(json.loads(line))
            offset += len(line)
    return points, offset


def _whole_lines(file: Iterator[bytes]) -> Iterator[bytes]:
    for line in file:
        if not line.endswith(b"\n"):
            return
        yield line
