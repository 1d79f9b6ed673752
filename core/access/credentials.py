"""Credentials: how keys and job tokens look, and what of them is kept.

A key is `kerasd_<prefix>_<secret>`, a job's token `kerasd_job_<number of the job>_<secret>`. A secret is 256 random
bits, which nobody can guess or search through, so a plain SHA-256 of it can be kept; slow hashes are for passwords
that people choose.
"""

import hashlib
import hmac
import re
import secrets
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_BYTES: Final = 32
_SECRET_LENGTH: Final = 43  # of 256 bits in base 62
_PREFIX_LENGTH: Final = 8
_KEY: Final = re.compile(rf"kerasd_([0-9A-Za-z]{{{_PREFIX_LENGTH}}})_[0-9A-Za-z]{{{_SECRET_LENGTH}}}")
_JOB_TOKEN: Final = re.compile(rf"kerasd_job_([0-9A-Z]{{26}})_[0-9A-Za-z]{{{_SECRET_LENGTH}}}")


def make_key() -> tuple[str, str]:
    """Make a new key. Returns: the key, and its prefix, by which it is known."""
    prefix = "".join(secrets.choice(_DIGITS) for _ in range(_PREFIX_LENGTH))
    return f"kerasd_{prefix}_{_make_secret()}", prefix


def make_job_token(job_id: str) -> str:
    """Make a new token of a job."""
    return f"kerasd_{job_id}_{_make_secret()}"


def read_key_prefix(credential: str) -> str | None:
    """The prefix of a key; None for whatever is no key."""
    found = _KEY.fullmatch(credential)
    return None if found is None else found[1]


def read_job_id(credential: str) -> str | None:
    """The job of a token; None for whatever is no token."""
    found = _JOB_TOKEN.fullmatch(credential)
    return None if found is None else f"job_{found[1]}"


def is_well_formed(credential: str) -> bool:
    """Whether it could be a key or a token; what could not need not be looked for."""
    return read_key_prefix(credential) is not None or read_job_id(credential) is not None


def hash_credential(credential: str) -> str:
    """What is kept of a credential."""
    return hashlib.sha256(credential.encode()).hexdigest()


def matches(credential: str, sha256: str | None) -> bool:
    """Whether a credential is the one of which this is kept; the time it takes tells nothing."""
    return sha256 is not None and hmac.compare_digest(hash_credential(credential), sha256)


def _make_secret() -> str:
    number = int.from_bytes(secrets.token_bytes(_SECRET_BYTES), "big")
    digits = []
    for _ in range(_SECRET_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
