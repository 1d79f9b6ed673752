"""The name of everything in a store; made of digests and identifiers, never of what a user wrote."""

import re
from collections.abc import Iterable
from typing import Final

OBJECTS: Final = "sha256"
ATTEMPTS: Final = "attempts"
"""The checkpoints: a folder a job, a file an attempt."""
UNNUMBERED: Final = "checkpoints"
"""Checkpoints of a version that had one file a job; they count as older than those of any attempt."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_JOB_ID: Final = re.compile(r"job_[0-9A-Za-z]{1,60}")
_ATTEMPT: Final = re.compile(r"[1-9][0-9]{0,9}")


def object_key(sha256: str) -> str:
    """The key of an object, spread over folders by its first digits.

    Raises:
        ValueError: this is no SHA-256 in lower-case hexadecimal.
    """
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"An object is named by 64 hexadecimal digits, found {sha256!r}.")
    return f"{OBJECTS}/{sha256[:2]}/{sha256}"


def checkpoint_folder(job_id: str) -> str:
    """The folder of a job's checkpoints.

    Raises:
        ValueError: this is no identifier of a job.
    """
    return f"{ATTEMPTS}/{_checked(job_id)}"


def checkpoint_key(job_id: str, attempt: int) -> str:
    """The key of the checkpoint that an attempt at a job writes, and no other attempt.

    Raises:
        ValueError: this is no identifier of a job, or no number of an attempt.
    """
    if attempt < 1:
        raise ValueError(f"Attempts are numbered from 1, found {attempt}.")
    return f"{checkpoint_folder(job_id)}/{attempt}"


def unnumbered_key(job_id: str) -> str:
    """The key of the checkpoint that a version before attempts had their own has left.

    Raises:
        ValueError: this is no identifier of a job.
    """
    return f"{UNNUMBERED}/{_checked(job_id)}"


def sort_attempts(names: Iterable[str]) -> list[int]:
    """The attempts that these names of files in a `checkpoint_folder` stand for, the newest first."""
    return sorted((int(name) for name in names if _ATTEMPT.fullmatch(name)), reverse=True)


def is_sha256(name: str) -> bool:
    """Whether a file of this name is an object; whatever else lies in a store is none of its business."""
    return _SHA256.fullmatch(name) is not None


def is_job_id(name: str) -> bool:
    """Whether a folder or file of this name holds checkpoints of a job."""
    return _JOB_ID.fullmatch(name) is not None


def _checked(job_id: str) -> str:
    if not _JOB_ID.fullmatch(job_id):
        raise ValueError(f"A checkpoint is named by the identifier of a job, found {job_id!r}.")
    return job_id
