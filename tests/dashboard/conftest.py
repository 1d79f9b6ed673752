"""A real API in its own process, and Chromium looking at its pages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from core.identifiers import new_id
from core.jobs import transitions
from core.tables import Job
from tests.api_process import ApiProcess

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The name of a stranger's site that leads to this machine.
    "--host-resolver-rules=MAP rebound.example 127.0.0.1",
]


class Api(ApiProcess):
    """The API, and what a script that trains elsewhere tells it."""

    def __init__(self, home: Path, **settings: Any) -> None:
        super().__init__(home, f"sqlite:///{home / 'kerasd.db'}", **settings)
        self.client = httpx.Client(base_url=self.url, timeout=60)

    def stop(self) -> None:
        self.client.close()
        super().stop()

    def open_external(self, name: str, **fields: Any) -> str:
        """Open a run that trains elsewhere. Returns its id."""
        answer = self.client.post("/v1/jobs", json={"name": name, "external": True, "epochs": 10, **fields})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def publish(self, job_id: str, epoch: int, **values: float) -> None:
        """Send an epoch as Keras's RemoteMonitor does: NaN and Infinity as bare words in a form field."""
        answer = self.client.post(
            f"/v1/jobs/{job_id}/publish/epoch/end/", data={"data": encode({"epoch": epoch, **values})}
        )
        assert answer.is_success, answer.text

    def finish(self, job_id: str, state: str, **fields: str) -> None:
        answer = self.client.post(f"/v1/jobs/{job_id}/finish", json={"state": state, **fields})
        assert answer.is_success, answer.text

    def queue(self, name: str, **fields: Any) -> str:
        """Put a job that no worker takes into the queue. Returns its id."""
        job = Job(id=new_id("job"), name=name, epochs=4, epoch=0, **fields)
        with self.session() as session:
            return transitions.create(session, job).id


def encode(values: dict[str, float]) -> str:
    pairs = (
        f'"{name}": {value}'.replace("inf", "Infinity").replace("nan", "NaN")
        for name, value in values.items()
    )
    return "{" + ", ".join(pairs) + "}"


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    server = Api(tmp_path_factory.mktemp("home"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


# Of a module, since an event loop runs in this process until it is closed, where no other test may want one.
@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, api: Api) -> Iterator[Page]:
    """A page of the dashboard; an error in its scripts fails the test."""
    context = browser.new_context(base_url=api.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(15_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: note_violation(message, errors))
    yield page
    context.close()
    assert errors == []


def note_violation(message: ConsoleMessage, errors: list[str]) -> None:
    """Keep what the browser says of the Content-Security-Policy; that a request failed is told there too."""
    if message.type == "error" and "Content Security Policy" in message.text:
        errors.append(message.text)


@pytest.fixture
def open_job(page: Page) -> Callable[[str], Page]:
    """Gives a function that opens the page of a job and waits until it hears of the job's news."""

    def open_page(job_id: str) -> Page:
        page.goto(f"/dashboard/job.html?id={job_id}")
        page.locator("#connection:is([data-status=live], [data-status=finished])").wait_for()
        return page

    return open_page
