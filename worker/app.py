"""The Celery side of a worker: two doorbells."""

from collections.abc import Callable

from celery import Celery

from core.jobs.queue import PREDICT_TASK, RUN_TASK, create_celery
from core.settings import Settings


def create_app(settings: Settings, on_run: Callable[[], None], on_predict: Callable[[str], None]) -> Celery:
    """Make the Celery app that answers the doorbells.

    Args:
        settings: the broker.
        on_run: called when a job waits; which one is taken, the database tells.
        on_predict: called with the identifier of a prediction that waits.
    """
    app = create_celery(settings)
    # A broker that stays away takes only the speed: the worker looks into the database by itself.
    app.conf.broker_connection_max_retries = None
    # What workers do is in the database; nobody asks them through the broker.
    app.conf.worker_enable_remote_control = False

    @app.task(name=RUN_TASK)
    def run(job_id: str) -> None:
        on_run()

    @app.task(name=PREDICT_TASK)
    def predict(prediction_id: str) -> None:
        on_predict(prediction_id)

    return app
