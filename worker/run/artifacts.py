"""The files that a run hands back."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from core.collection import confirm_object
from core.spreadsheets import make_harmless
from core.storage import ObjectStore, StoredObject
from core.tables import Artifact

MEDIA_TYPES = {".h5": "application/x-hdf5", ".csv": "text/csv", ".txt": "text/plain"}


@dataclass(frozen=True)
class KeptFile:
    """A file that is in the store, and where it came from."""

    path: Path
    stored: StoredObject


def write_reports(model: Any, history: Sequence[Mapping[str, float]], folder: Path) -> list[Path]:
    """Write `history.csv` and `summary.txt`. Returns their paths."""
    summary, table = folder / "summary.txt", folder / "history.csv"
    with summary.open("w") as file:
        model.summary(print_fn=lambda line: file.write(f"{line}\n"))
    names = list(dict.fromkeys(name for row in history for name in row))
    with table.open("w", newline="") as file:
        csv.writer(file).writerow([make_harmless(name) for name in names])
        csv.DictWriter(file, names).writerows(history)
    return [table, summary]


def write_model(model: Any, folder: Path) -> list[Path]:
    """Write `model.h5`, with the optimizer's state, and `weights.h5`. Returns their paths."""
    whole, weights = folder / "model.h5", folder / "weights.h5"
    model.save(str(whole))
    model.save_weights(str(weights))
    return [whole, weights]


def keep_files(store: ObjectStore, paths: Iterable[Path]) -> list[KeptFile]:
    """Put files into the store.

    Raises:
        StorageFullError: there is no room.
    """
    return [KeptFile(path, store.put_file(path)) for path in paths]


def add_artifacts(session: Session, store: ObjectStore, job_id: str, files: Iterable[KeptFile]) -> None:
    """Write the rows of a job's artifacts, in place of those of the same name; the first of a transaction."""
    for file in files:
        confirm_object(session, store, file.path, file.stored.sha256)
        session.merge(
            Artifact(
                job_id=job_id,
                name=file.path.name,
                sha256=file.stored.sha256,
                size_bytes=file.stored.size_bytes,
                media_type=MEDIA_TYPES[file.path.suffix],
            )
        )
