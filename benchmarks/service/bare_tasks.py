"""`python -m benchmarks.service.bare_tasks URL`: a bare Celery worker with a task that answers at once."""

from __future__ import annotations

import sys
import time

from celery import Celery

TASK = "bare.echo"
QUEUE = "bare"


def create_app(url: str) -> Celery:
    """Make the Celery app of a broker, which keeps the results too."""
    app = Celery("bare", broker=url, backend=url, set_as_current=False)
    app.conf.update(task_default_queue=QUEUE, broker_connection_retry_on_startup=True)

    @app.task(name=TASK)
    def echo(text: str) -> str:
        return text

    return app


def time_round_trips(url: str, count: int) -> list[float]:
    """Seconds from sending a task to its result, one after the other; the first one does not count."""
    app = create_app(url)
    seconds = []
    for number in range(count + 1):
        begin = time.perf_counter()
        app.send_task(TASK, args=["x"]).get(timeout=60)
        if number:
            seconds.append(time.perf_counter() - begin)
    return seconds


if __name__ == "__main__":
    worker = create_app(sys.argv[1]).Worker(
        pool="threads",
        concurrency=2,
        queues=[QUEUE],
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
