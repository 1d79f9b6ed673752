"""Fails jobs that waited too long; here and not in a worker, since there may be none."""

import logging
from typing import Final

from anyio import sleep, to_thread
from sqlalchemy.exc import SQLAlchemyError

from api.deps import Database
from core.database import utc_now
from core.jobs.expiry import fail_expired, has_expired_jobs

_log: Final = logging.getLogger(__name__)


async def fail_expired_jobs(database: Database, every_seconds: float) -> None:
    """Look for such jobs again and again, until cancelled."""
    while True:
        await to_thread.run_sync(_sweep, database)
        await sleep(every_seconds)


def _sweep(database: Database) -> None:
    try:
        with database.read() as session:
            if not has_expired_jobs(session, utc_now()):
                return
        with database.write() as session:
            for job_id in fail_expired(session, utc_now()):
                _log.info("job %s waited too long", job_id)
    except SQLAlchemyError as error:
        _log.warning("the database did not answer: %s", error)
