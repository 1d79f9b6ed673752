"""Moments in requests."""

import re
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BeforeValidator

_START: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


def _refuse_numbers(value: Any) -> Any:
    if isinstance(value, str) and _START.match(value):
        return value
    raise ValueError("A moment is written as 2026-01-15T12:00:00Z (RFC 3339).")


Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_numbers)]
"""A date and time with its offset from UTC; never a number of seconds, whose unit would be guessed."""
