"""Objects of the store and the rows that refer to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import select, text, union_all
from sqlalchemy.orm import Session

from api.deps import Database
from core.storage import ObjectStore
from core.tables import Artifact, Dataset, Model, Prediction

_REFERENCES: Final = (
    Dataset.sha256,
    Model.weights_sha256,
    Artifact.sha256,
    Prediction.input_sha256,
    Prediction.output_sha256,
)
_LOCK_NUMBER: Final = 0x6F626A


@contextmanager
def keep_object(database: Database, store: ObjectStore, path: Path, sha256: str) -> Iterator[Session]:
    """Store a file and open the transaction that refers to it; when that fails the object goes again."""
    store.put_file(path)
    try:
        with database.write() as session:
            _lock_objects(session)
            if not store.exists(sha256):  # another request deleted its last reference just now
                store.put_file(path)
            yield session
    except BaseException:
        discard_unreferenced(database, store, sha256)
        raise


def discard_unreferenced(database: Database, store: ObjectStore, sha256: str) -> None:
    """Delete an object that no row refers to any more."""
    with database.write() as session:
        _lock_objects(session)
        found = union_all(*(select(column).where(column == sha256) for column in _REFERENCES))
        if session.execute(found.limit(1)).first() is None:
            store.delete(sha256)


def _lock_objects(session: Session) -> None:
    """Let no other transaction count references meanwhile; SQLite's write lock sees to it by itself."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
