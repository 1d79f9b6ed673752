"""The name of everything in a store; made of digests and identifiers, never of what a user wrote."""

import re
from typing import Final

OBJECTS: Final = "sha256"
CHECKPOINTS: Final = "checkpoints"

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_JOB_ID: Final = re.compile(r"job_[0-9A-Za-z]{1,60}")


def object_key(sha256: str) -> str:
    """The key of an object, spread over folders by its first digits.

    Raises:
        ValueError: this is no SHA-256 in lower-case hexadecimal.
    """
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"An object is named by 64 hexadecimal digits, found {sha256!r}.")
    return f"{OBJECTS}/{sha256[:2]}/{sha256}"


def checkpoint_key(job_id: str) -> str:
    """The key of a job's newest checkpoint.

    Raises:
        ValueError: this is no identifier of a job.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise ValueError(f"A checkpoint is named by the identifier of a job, found {job_id!r}.")
    return f"{CHECKPOINTS}/{job_id}"


def is_sha256(name: str) -> bool:
    """Whether a file of this name is an object; whatever else lies in a store is none of its business."""
    return _SHA256.fullmatch(name) is not None


def is_job_id(name: str) -> bool:
    """Whether a file of this name is the checkpoint of a job."""
    return _JOB_ID.fullmatch(name) is not None
