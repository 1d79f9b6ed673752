"""The door to a service."""

import os
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Final, Self

from client.datasets import Datasets
from client.jobs import Jobs
from client.keys import Keys
from client.models import Models
from client.paging import iterate_pages
from client.records import Access, AuditEntry, Worker
from client.transport import Transport

DEFAULT_URL: Final = "http://127.0.0.1:8000"


class Client:
    """A connection to one kerasd service.

    Args:
        base_url: its address; default: the environment's `KERASD_URL`, else http://127.0.0.1:8000.
        api_key: default: the environment's `KERASD_API_KEY`; None where the service needs none.
        timeout_seconds: for connecting, and between two pieces of an answer.
        retries: further tries after a failed connection or a busy service, with growing pauses.
        headers: sent with each request.
    Attributes: models, datasets, jobs, keys: what the service keeps.

    Example:
        >>> with Client() as client:
        ...     model = client.models.create(Path("model.json"))
        ...     data = client.datasets.upload(Path("data.npz"))
        ...     job = client.jobs.create(model=model.id, dataset=data.id, fit={"epochs": 5},
        ...                              compile={"optimizer": "adam", "loss": "mse"})
        ...     client.jobs.wait(job.id)
        ...     client.jobs.fetch(job.id, "model.h5", Path("trained.h5"))
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout_seconds: float = 60.0,
        retries: int = 4,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.base_url = (base_url or os.environ.get("KERASD_URL") or DEFAULT_URL).rstrip("/")
        if not self.base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url must begin with http:// or https://. Received: {self.base_url}")
        api_key = api_key or os.environ.get("KERASD_API_KEY")
        sent = {**(headers or {}), **({"Authorization": f"Bearer {api_key}"} if api_key else {})}
        self._transport = Transport(
            self.base_url, retries=retries, timeout_seconds=timeout_seconds, headers=sent
        )
        self.models = Models(self._transport)
        self.datasets = Datasets(self._transport)
        self.jobs = Jobs(self._transport)
        self.keys = Keys(self._transport)

    def workers(self) -> list[Worker]:
        """The workers that have reported lately."""
        answer = self._transport.request("GET", "/v1/workers").json()
        return [Worker.model_validate(worker) for worker in answer["data"]]

    def access(self) -> Access:
        """Who you are to the service: project, scope and key."""
        return Access.model_validate_json(self._transport.request("GET", "/v1/access").content)

    def audit(self) -> Iterator[AuditEntry]:
        """Go through the changes asked for in one's project, for which one needs the scope admin."""
        return iterate_pages(self._transport, "/v1/audit", AuditEntry, {})

    def check_ready(self) -> None:
        """Ask whether the service and what it needs are up.

        Raises: KerasdError: it does not answer, or `detail` tells what is missing.
        """
        self._transport.request("GET", "/readyz", is_repeatable=False)

    def close(self) -> None:
        """Close the connections."""
        self._transport.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
