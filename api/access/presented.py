"""The credential that a request carries."""

from collections.abc import Iterable
from typing import Final

from api.errors import ProblemError

SESSION_COOKIE: Final = "kerasd_session"
"""Its value is a key; `POST /v1/session` sets it."""

_COOKIE_START: Final = f"{SESSION_COOKIE}=".encode()


def find_credential(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Find the key or token among the headers of a request; None where there is none.

    Raises: ProblemError (401): there are several that differ, or one that is malformed.
    """
    found: set[bytes] = set()
    authorizations = 0
    for name, value in headers:
        if name == b"authorization":
            authorizations += 1
            found.add(_read_bearer(value))
        elif name == b"x-api-key":
            found.add(value.strip())
        elif name == b"cookie" and _COOKIE_START in value:
            found.update(_read_cookies(value))
    if authorizations > 1:
        raise unauthorized("The header Authorization came more than once; send it once.")
    if not found:
        return None
    if len(found) > 1:
        raise unauthorized("The request carries several keys that differ; send one.")
    return found.pop().decode("latin-1")


def unauthorized(detail: str, error: str = "") -> ProblemError:
    """The 401 for a request whose sender is not known."""
    challenge = f'Bearer realm="kerasd"{error}'
    return ProblemError(401, detail, name="unauthorized", headers={"WWW-Authenticate": challenge})


def _read_bearer(value: bytes) -> bytes:
    scheme, _, credential = value.strip().partition(b" ")
    if scheme.lower() != b"bearer" or not credential.strip():
        raise unauthorized("The header Authorization must be 'Bearer ' and a key.")
    return credential.strip()


def _read_cookies(value: bytes) -> set[bytes]:
    pairs = (pair.strip() for pair in value.split(b";"))
    return {pair[len(_COOKIE_START) :] for pair in pairs if pair.startswith(_COOKIE_START)}
