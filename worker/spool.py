"""Points on their way to the API, kept on disk until they have arrived."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_OFFSET_SUFFIX = ".delivered"


class Spool:
    """The points of one attempt, in a file that only grows, and those that earlier attempts left.

    A killed process leaves a file that can be read on: a last line that is cut off was never promised.

    Args:
        folder: of the job, the same for all its attempts.
        attempt: writes its own file, so that an attempt thought dead cannot mix its lines with these.
    """

    def __init__(self, folder: Path, attempt: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{attempt:06d}.jsonl"
        self._file = self._path.open("ab")
        earlier = sorted(path for path in folder.glob("*.jsonl") if path < self._path)
        self._paths = [*earlier, self._path]

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
            offset = _read_offset(path)
            points, end = _read_points(path, offset, limit)
            if points:
                return points, Receipt(path, end)
        return [], None

    def confirm(self, receipt: "Receipt") -> None:
        """These points have arrived."""
        offset = receipt.path.with_suffix(_OFFSET_SUFFIX)
        written = offset.with_suffix(".new")
        written.write_text(str(receipt.end))
        written.replace(offset)

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


def _read_points(path: Path, offset: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    points: list[dict[str, Any]] = []
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == offset:
            return points, offset
        file.seek(offset)
        for line in _whole_lines(file):
            points.append(json.loads(line))
            offset += len(line)
            if len(points) >= limit:
                break
    return points, offset


def _whole_lines(file: Iterator[bytes]) -> Iterator[bytes]:
    for line in file:
        if not line.endswith(b"\n"):
            return
        yield line
