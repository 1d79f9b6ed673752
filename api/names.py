"""Names that users give."""

import re
from typing import Annotated, Final

from fastapi import Path
from pydantic import StringConstraints

NAME_PATTERN: Final = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""A name of a model or a dataset: letters, digits, `_`, `.` and `-`, at most 100, no dot in front."""

ModelId = Annotated[str, Path(pattern=r"^mdl_[0-9A-Z]{26}$")]
DatasetId = Annotated[str, Path(pattern=r"^dst_[0-9A-Z]{26}$")]
KeyId = Annotated[str, Path(pattern=r"^key_[0-9A-Z]{26}$")]
JobId = Annotated[str, Path(pattern=r"^job_[0-9A-Z]{26}$")]

Tag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/=-]{1,64}$")]
"""A word that groups jobs."""

Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""The name of a job: any one line of text."""


def make_name(text: str, otherwise: str) -> str:
    """Make an allowed name out of a file's or a model's own name."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).lstrip(".")[:100] or otherwise
