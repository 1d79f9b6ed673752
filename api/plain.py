"""JSON values that can be kept: what parsers let through and databases or JSON refuse is found here."""

import math
from typing import Any, Final

from api.errors import ProblemError, pointer_to

_MAX_DEPTH: Final = 64
_MAX_INTEGER: Final = 2**63 - 1


def check_plain(value: Any) -> None:
    """Refuse values that JSON or a database cannot hold.

    Raises: ProblemError (422): NaN or infinity, a whole number over 64 bits, text with a NUL or half a
        surrogate pair, or nesting deeper than 64; the pointer leads to it.
    """
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        reason = _find_reason(item) or ("nests too deep" if len(path) > _MAX_DEPTH else None)
        if reason is not None:
            pointer = pointer_to(*path).encode("utf-8", "replace").decode()
            raise ProblemError(422, f"{pointer}: {reason}", name="invalid-request", pointer=pointer)
        if isinstance(item, dict):
            waiting += [((*path, "(key)"), key) for key in item if _find_reason(key)]
            waiting += [((*path, key), inner) for key, inner in item.items()]
        elif isinstance(item, list):
            waiting += [((*path, index), inner) for index, inner in enumerate(item)]


def _find_reason(item: Any) -> str | None:
    if isinstance(item, str):
        if "\x00" in item:
            return "text cannot hold the character NUL"
        if not item.isascii() and any("\ud800" <= character <= "\udfff" for character in item):
            return "text holds half of a surrogate pair"
    elif isinstance(item, float) and not math.isfinite(item):
        return f"{item} is no JSON number"
    elif isinstance(item, int) and abs(item) > _MAX_INTEGER:
        return "whole numbers have at most 64 bits"
    return None
