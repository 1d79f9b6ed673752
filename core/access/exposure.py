"""Where a key is needed: wherever others than this machine's users can reach the API."""

import ipaddress
import socket
from typing import Final

from sqlalchemy import Engine

from core.access.keys import has_live_admin_key
from core.database import session_scope
from core.settings import Settings

COMMAND: Final = "python -m core.keys create --name NAME --scope admin"


class ExposureError(Exception):
    """The API would be open to strangers, or closed to everybody; the message says what to do."""


def is_loopback(host: str) -> bool:
    """Whether an address that is listened on can be reached from this machine alone.

    A name is looked up; one that cannot be is taken for an address that others reach.
    """
    if not host:
        return False  # every address
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        return False
    return all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in found)


def needs_keys(settings: Settings) -> bool:
    """Whether requests need a key."""
    if settings.require_keys is not None:
        return settings.require_keys
    return not is_loopback(settings.host)


def check_exposure(settings: Settings, db_engine: Engine) -> None:
    """Refuse to listen where everybody would get in, or nobody.

    Raises:
        ExposureError: no key is needed on an address that others reach; or there is no key to get in with.
    """
    if is_loopback(settings.host):
        return
    if not needs_keys(settings):
        raise ExposureError(
            f"With require_keys=false the API listens on loopback addresses alone, and host is {settings.host!r}: "
            "everybody who reaches it could train and delete. Leave KERASD_REQUIRE_KEYS away, or set "
            "KERASD_HOST=127.0.0.1."
        )
    with session_scope(db_engine, read_only=True) as session:
        if has_live_admin_key(session):
            return
    raise ExposureError(
        f"Others can reach {settings.host!r}, so that requests need a key, and there is no admin key. Make one, with "
        f"the same settings: `{COMMAND}` (with compose: `docker compose run --rm migrate {COMMAND}`), then start again."
    )
