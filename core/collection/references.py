"""Which rows refer to which objects, and the lock under which references and deletions meet."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from sqlalchemy import select, text, union
from sqlalchemy.orm import Session

from core.storage import ObjectStore
from core.tables import Artifact, Dataset, Model, Prediction

_REFERENCES: Final = (
    Dataset.sha256,
    Model.weights_sha256,
    Artifact.sha256,
    Prediction.input_sha256,
    Prediction.output_sha256,
)
_LOCK_NUMBER: Final = 0x6F626A  # any number that every kerasd process agrees on


def confirm_object(session: Session, store: ObjectStore, path: Path, sha256: str) -> None:
    """Make sure that an object is there and stays, in the transaction that adds the row referring to it.

    It was put before, so that no transaction waits for an upload; it is put again where a collection came
    between. Call it before the transaction locks a row: whoever waits for this lock must hold no other.

    Args:
        session: an open session.
        store: where it was put.
        path: a file with the same bytes.
        sha256: the object.
    """
    _lock_objects(session)
    if not store.exists(sha256):
        store.put_file(path)


def find_referenced(session: Session, digests: Collection[str]) -> set[str]:
    """Those objects that a row refers to."""
    selects = (select(column).where(column.in_(digests)) for column in _REFERENCES)
    return set(session.scalars(union(*selects)))


def discard_unreferenced(session: Session, store: ObjectStore, digests: Collection[str]) -> list[str]:
    """Delete those objects that no row refers to. Returns them.

    Args:
        session: an open session, whose transaction is to end soon.
        store: where they are.
        digests: some hundreds at most.
    """
    _lock_objects(session)
    referenced = find_referenced(session, digests)
    dead = [sha256 for sha256 in digests if sha256 not in referenced]
    for sha256 in dead:
        store.delete(sha256)
    return dead


def _lock_objects(session: Session) -> None:
    """Let no other transaction refer to an object or delete one."""
    # A session opens its transaction only now, at its first use; SQLite's takes the one write lock with that.
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
