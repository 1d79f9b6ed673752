"""Objects of the store and the rows that refer to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from api.deps import Database, ProjectDatabase
from core import collection
from core.quotas import check_stored_bytes
from core.storage import ObjectStore


@contextmanager
def keep_object(
    database: ProjectDatabase, store: ObjectStore, path: Path, sha256: str, max_stored_bytes: int = 0
) -> Iterator[Session]:
    """Store a file and open the transaction that refers to it; when that fails the object goes again.

    The file must not be written to any more, since the store may make it its own.

    Raises: StorageQuotaError: there is no room in the quota, where one is given.
    """
    size_bytes = path.stat().st_size
    with database.read() as session:
        check_stored_bytes(session, database.project_id, sha256, size_bytes, max_stored_bytes)
    store.adopt_file(path, sha256)
    try:
        with database.write() as session:
            collection.confirm_object(session, store, path, sha256)
            check_stored_bytes(
                session, database.project_id, sha256, size_bytes, max_stored_bytes
            )  # others may have been faster
            yield session
    except BaseException:
        discard_unreferenced(database, store, sha256)
        raise


def discard_unreferenced(database: Database, store: ObjectStore, sha256: str) -> None:
    """Delete an object that no row refers to any more."""
    with database.write() as session:
        collection.discard_unreferenced(session, store, [sha256])
