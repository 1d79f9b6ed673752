"""Identifiers of rows: a prefix that names the kind, and a ULID that sorts by time of creation."""

import os
import threading
import time
from typing import Final, Literal

Prefix = Literal["mdl", "dst", "job", "prd", "wrk", "prj", "key", "aud"]

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS: Final = 80
_ULID_LENGTH: Final = 26

_lock = threading.Lock()
_last_ulid = 0


def new_id(prefix: Prefix) -> str:
    """Make an identifier such as `job_01J8Z3...`, later ones of one process sorting after earlier ones.

    Args:
        prefix: what the identifier names.

    Returns:
        The prefix, an underscore and 26 characters of Crockford's base 32 (https://github.com/ulid/spec).
    """
    global _last_ulid
    stamp = (time.time_ns() // 1_000_000) << _RANDOM_BITS
    drawn = stamp | int.from_bytes(os.urandom(_RANDOM_BITS // 8), "big")
    with _lock:
        # Within one millisecond, and when the clock steps back, the next number keeps the order.
        _last_ulid = drawn if drawn >> _RANDOM_BITS > _last_ulid >> _RANDOM_BITS else _last_ulid + 1
        number = _last_ulid
    digits = (number >> (5 * place) for place in reversed(range(_ULID_LENGTH)))
    return f"{prefix}_" + "".join(_ALPHABET[digit & 31] for digit in digits)
