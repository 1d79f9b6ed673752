"""`python -m worker`: a worker, until it is told to stop."""

import logging
import sys

from core.database import create_db_engine
from core.jobs.queue import PREDICT_QUEUE, RUN_QUEUE, BrokerMissingError
from core.logs import configure_logging
from core.settings import get_settings
from worker.app import create_app
from worker.supervisor import Supervisor


def main() -> int:
    """Work until SIGTERM or SIGINT. Returns the exit status."""
    settings = get_settings()
    configure_logging(settings.log_level)
    supervisor = Supervisor(settings, create_db_engine(settings.database_url))
    try:
        app = create_app(settings, supervisor.wake, supervisor.predictions.add)
    except BrokerMissingError as error:
        logging.getLogger(__name__).error("%s", error)
        return 1
    supervisor.start()
    worker = app.Worker(
        pool="threads",
        concurrency=2,
        queues=[RUN_QUEUE, PREDICT_QUEUE],
        loglevel="WARNING",
        optimization="fair",
        without_gossip=True,
        without_heartbeat=True,
        without_mingle=True,
        quiet=True,
    )
    try:
        worker.start()
        return int(worker.exitcode or 0)
    finally:
        supervisor.close()


if __name__ == "__main__":
    sys.exit(main())
