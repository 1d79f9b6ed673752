"""The queue: a doorbell that carries an identifier and nothing else, over Celery."""

import logging
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from celery import Celery
from kombu.exceptions import OperationalError

from core.settings import Settings, get_settings

RUN_TASK: Final = "kerasd.run"
PREDICT_TASK: Final = "kerasd.predict"
RUN_QUEUE: Final = "runs"
PREDICT_QUEUE: Final = "predictions"
ADDRESS_FILE: Final = "url"
"""In `Settings.broker_path`: where the embedded broker wrote its address."""

_CONNECT_SECONDS: Final = 2
_POLLING_SECONDS: Final = 0.05
_MIDDLE_PRIORITY: Final = 5
_LAST_PRIORITY: Final = 9

_log = logging.getLogger(__name__)


class BrokerMissingError(RuntimeError):
    """No broker is configured and none was started."""


def broker_url(settings: Settings) -> str:
    """The address of the broker: the configured one, else the embedded one's.

    Raises:
        BrokerMissingError: neither is there.
    """
    if settings.broker_url:
        return settings.broker_url
    address = settings.broker_path / ADDRESS_FILE
    try:
        return address.read_text().strip()
    except FileNotFoundError:
        raise BrokerMissingError(
            f"No broker: KERASD_BROKER_URL is not set and {address} is not there. "
            "Start everything with `python -m core.embedded`, or set KERASD_BROKER_URL."
        ) from None


def create_celery(settings: Settings) -> Celery:
    """Make the Celery app: JSON only, messages acknowledged at once, no result backend.

    A message may be lost or come twice without harm, since the database alone says what is to be done.

    Raises:
        BrokerMissingError: there is no broker to speak to.
    """
    url = broker_url(settings)
    app = Celery("kerasd", broker=url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_timeout=_CONNECT_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_transport_options=_transport_options(url),
        task_default_queue=RUN_QUEUE,
        task_routes={RUN_TASK: {"queue": RUN_QUEUE}, PREDICT_TASK: {"queue": PREDICT_QUEUE}},
    )
    return app


def ring(job_id: str, priority: int = 0) -> bool:
    """Tell the workers that a job waits; call it after the commit, never before.

    Args:
        job_id: the job.
        priority: the job's; higher goes first.

    Returns:
        Whether the message was sent. A job is not lost where it was not: the sweeper rings again.
    """
    return _send(RUN_TASK, job_id, priority)


def ring_prediction(prediction_id: str) -> bool:
    """Tell the workers that a prediction waits; returns whether the message was sent."""
    return _send(PREDICT_TASK, prediction_id, 0)


def _send(task: str, identifier: str, priority: int) -> bool:
    # Redis takes 0 for the most urgent and 9 for the least.
    urgency = min(max(_MIDDLE_PRIORITY - priority, 0), _LAST_PRIORITY)
    try:
        _producer().send_task(task, args=[identifier], priority=urgency, retry=False)
    except (OperationalError, OSError, BrokerMissingError) as error:
        _log.warning("The workers were not told of %s (%s): %s", identifier, type(error).__name__, error)
        return False
    return True


@lru_cache(maxsize=1)
def _producer() -> Celery:
    app = create_celery(get_settings())
    # A request waits for the bell to be rung: a broker that is down is found out at once.
    app.conf.broker_transport_options |= {"max_retries": 1, "interval_start": 0}
    return app


def _transport_options(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme == "filesystem":
        folder = unquote(parts.path)
        return {
            "data_folder_in": folder,
            "data_folder_out": folder,
            "control_folder": f"{folder}/control",
            "polling_interval": _POLLING_SECONDS,
        }
    if parts.scheme.startswith(("redis", "rediss", "valkey")):
        return {"socket_timeout": None, "socket_connect_timeout": _CONNECT_SECONDS}
    return {}
