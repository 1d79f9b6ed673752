"""A round of collection through the whole store."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from core import duties
from core.audit import discard_old_entries
from core.collection.references import discard_unreferenced, find_referenced
from core.database import session_scope, utc_now
from core.jobs.states import TERMINAL
from core.settings import Settings
from core.storage import ObjectStore
from core.tables import Job

DUTY: Final = "collection"

# So many deletions hold the lock at most, which uploads wait for.
_BATCH: Final = 100

_log: Final = logging.getLogger(__name__)


@dataclass
class Collection:
    """What a round removed, or would have."""

    objects: int = 0
    checkpoints: int = 0
    size_bytes: int = 0


def collect_when_due(
    settings: Settings, db_engine: Engine, store: ObjectStore, must_stop: Callable[[], bool]
) -> Collection | None:
    """Collect unless somebody did so less than `collect_seconds` ago.

    Returns: what was removed; none where it is not due, or broke off.
    """
    with session_scope(db_engine, read_only=True) as session:
        if not duties.is_due(session, DUTY, utc_now()):
            return None
    with session_scope(db_engine) as session:
        if not duties.take(session, DUTY, utc_now(), settings.collect_seconds):
            return None
    try:
        collection = collect(settings, db_engine, store, must_stop=must_stop)
    except Exception:  # every kind of store and database has errors of its own
        _log.exception("the collection broke off and is due again in %g seconds", settings.collect_seconds)
        return None
    if collection.objects or collection.checkpoints:
        _log.info("collected %s", collection)
    return collection


def collect(
    settings: Settings,
    db_engine: Engine,
    store: ObjectStore,
    *,
    is_dry_run: bool = False,
    must_stop: Callable[[], bool] = lambda: False,
) -> Collection:
    """Remove objects without a reference and checkpoints without a job that may want them.

    Whatever was put less than `orphan_seconds` ago stays: somebody may be about to refer to it. Old entries of the
    audit log go too.

    Args:
        settings: ages.
        db_engine, store: the service's database and files.
        is_dry_run: removes nothing.
        must_stop: asked now and then; the round ends early where it says so.
    """
    if not is_dry_run:
        with session_scope(db_engine) as session:
            discard_old_entries(session, utc_now(), settings.audit_days)
    put_before = utc_now() - timedelta(seconds=settings.orphan_seconds)
    done = Collection()
    for digests in _batches(store.list_objects()):
        if must_stop():
            return done
        _collect_objects(db_engine, store, digests, put_before, done, is_dry_run=is_dry_run)
    for job_ids in _batches(store.list_checkpoints()):
        if must_stop():
            return done
        _collect_checkpoints(db_engine, store, job_ids, put_before, done, is_dry_run=is_dry_run)
    return done


def _collect_objects(
    db_engine: Engine,
    store: ObjectStore,
    digests: list[str],
    put_before: datetime,
    done: Collection,
    *,
    is_dry_run: bool,
) -> None:
    with session_scope(db_engine, read_only=True) as session:
        referenced = find_referenced(session, digests)
    sizes: dict[str, int] = {}
    for sha256 in set(digests) - referenced:
        facts = store.find_object(sha256)
        if facts is not None and facts.modified_at < put_before:
            sizes[sha256] = facts.size_bytes
    removed = list(sizes)
    if sizes and not is_dry_run:
        with session_scope(db_engine) as session:
            removed = discard_unreferenced(session, store, list(sizes))
    done.objects += len(removed)
    done.size_bytes += sum(sizes[sha256] for sha256 in removed)


def _collect_checkpoints(
    db_engine: Engine,
    store: ObjectStore,
    job_ids: list[str],
    put_before: datetime,
    done: Collection,
    *,
    is_dry_run: bool,
) -> None:
    with session_scope(db_engine, read_only=True) as session:
        wanted = _find_wanted(session, job_ids)
    for job_id in set(job_ids) - wanted:
        facts = store.find_checkpoint(job_id)
        if facts is None or facts.modified_at >= put_before:
            continue
        if not is_dry_run:
            with session_scope(db_engine) as session:
                # As long as its row is locked nobody retries the job.
                session.scalars(select(Job.id).where(Job.id == job_id).with_for_update()).all()
                if _find_wanted(session, [job_id]):
                    continue
                store.delete_checkpoint(job_id)
        done.checkpoints += 1
        done.size_bytes += facts.size_bytes


def _find_wanted(session: Session, job_ids: list[str]) -> set[str]:
    """Jobs that are open, or that keep their checkpoint for a while: `checkpoint_at` says so."""
    is_over = Job.state.in_(sorted(TERMINAL)) & Job.checkpoint_at.is_(None)
    return set(session.scalars(select(Job.id).where(Job.id.in_(job_ids), ~is_over)))


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(names)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
