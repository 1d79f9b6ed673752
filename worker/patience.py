"""What a run waits for: a database or a store that does not answer."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from core.database import session_scope
from core.storage import StorageAwayError

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0

_log = logging.getLogger(__name__)

T = TypeVar("T")


def endure(act: Callable[[], T]) -> T:
    """Act, and again where the database or the store was away, full or overburdened.

    There is no end to it: the worker stops a run whose lease has run out meanwhile. What is done twice must do
    no harm, since a connection that breaks at the end does not tell whether all was done.

    Args:
        act: what to do.

    Returns:
        What `act` returned.
    """
    pause_seconds = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return act()
        except (OperationalError, InterfaceError, StorageAwayError) as error:
            _log.warning("tried again in %g seconds: %s", pause_seconds, error)
        time.sleep(pause_seconds)
        pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)


def insist(db_engine: Engine, act: Callable[[Session], T], *, read_only: bool = False) -> T:
    """Act in a transaction, as often as `endure` tries it.

    Args:
        db_engine: the database.
        act: given a session.
        read_only: as for `session_scope`.

    Returns:
        What `act` returned.
    """

    def act_in_session() -> T:
        with session_scope(db_engine, read_only=read_only) as session:
            return act(session)

    return endure(act_in_session)
