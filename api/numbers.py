"""Numbers in requests."""

from typing import Any, Final

from pydantic import BeforeValidator


def _drop_empty_fraction(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE: Final = BeforeValidator(_drop_empty_fraction)
"""Of an annotated int: JSON knows one kind of numbers, so that 4.0 is a whole one."""
