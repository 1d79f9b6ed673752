"""A child of the worker, which waits for orders with everything imported (`python -m worker.run`)."""

import logging
import signal
import sys
from functools import partial
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.database import create_db_engine
from core.jobs import transitions
from core.jobs.errors import JobError
from core.jobs.states import JobState
from core.logs import configure_logging
from core.settings import Settings, get_settings
from core.storage import ObjectStore, open_store
from worker.device import DeviceMissingError, choose_device, describe_device
from worker.patience import insist
from worker.predictor import Predictor
from worker.reporting import RefusedError
from worker.run.channel import STOPPED_STATUS, Channel
from worker.run.failures import describe_failure
from worker.run.job import fetch_job
from worker.run.log import RunLog, printing_to
from worker.run.training import Training
from worker.run.warmup import warm_up

_LAST_WORDS_SECONDS = 0.3

_log = logging.getLogger(__name__)


def main() -> int:
    """Obey orders: one training, or predictions until the end. Returns the exit status."""
    # Ctrl-C in a terminal and a service manager reach the whole group; the worker decides what becomes of
    # the run.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    channel = Channel()
    channel.start()
    settings = get_settings()
    configure_logging(settings.log_level)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        device = choose_device(settings.device)
    except DeviceMissingError as error:
        _log.error("%s", error)
        return 1
    warm_up(device)
    db_engine, store = create_db_engine(settings.database_url), open_store(settings)
    predictor = Predictor(db_engine, store)
    channel.send(event="ready", device=describe_device(device))
    for order in channel.orders():
        if order["kind"] == "train":
            return _train(channel, settings, db_engine, store, order)
        predictor.answer(order["prediction_id"])
        channel.send(answered=order["prediction_id"])
    return 0


def _train(
    channel: Channel, settings: Settings, db_engine: Engine, store: ObjectStore, order: dict[str, Any]
) -> int:
    job_id, attempt = order["job_id"], order["attempt"]
    log = RunLog(db_engine, job_id, attempt)
    with printing_to(log):
        training = None
        try:
            job = fetch_job(db_engine, job_id, attempt, order["token"])
            training = Training(settings, db_engine, store, job, log, channel.must_yield)
            channel.before_exit(partial(_say_last_words, training, log))
            training.run()
        except (JobError, RefusedError) as error:
            _log.warning("%s", error)
            return STOPPED_STATUS
        except Exception as error:
            _log.exception("job %s failed", job_id)
            _fail(db_engine, training, log, job_id, attempt, error)
    return 0


def _say_last_words(training: Training, log: RunLog) -> None:
    training.monitor.flush(_LAST_WORDS_SECONDS)
    log.finish()


def _fail(
    db_engine: Engine, training: Training | None, log: RunLog, job_id: str, attempt: int, error: Exception
) -> None:
    """End the job as failed with the reason in words; what was measured and printed arrives first."""
    description = describe_failure(error)
    print(f"{description['title']}: {description['detail']}")
    if training is not None:
        training.monitor.flush()
    log.finish()

    def fail(session: Session) -> None:
        transitions.move(
            session, job_id, JobState.FAILED, attempt=attempt, reason=description["title"], error=description
        )

    insist(db_engine, fail)


if __name__ == "__main__":
    sys.exit(main())
