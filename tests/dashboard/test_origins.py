"""Pages of strangers, shown by the browser of somebody who runs the service."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.dashboard.conftest import Api

# Each way in which a page can send without asking the service first, and one that asks.
SEND = """async (url) => {
  const job = JSON.stringify({external: true, epochs: 1, name: "foreign"});
  const send = (options) => fetch(url, {method: "POST", body: job, ...options}).then(
    (answer) => answer.type === "opaque" ? "sent" : String(answer.status), () => "failed");
  return Promise.all([
    send({mode: "no-cors"}),
    send({mode: "no-cors", headers: {"Content-Type": "text/plain"}}),
    send({mode: "no-cors", body: new URLSearchParams({data: job})}),
    send({mode: "cors", headers: {"Content-Type": "application/json"}}),
    send({mode: "cors", headers: {Authorization: "Bearer x"}}),
    navigator.sendBeacon(url, job) ? "sent" : "failed",
  ]);
}"""
READ = """(url) => fetch(url).then((answer) => answer.text(), () => "failed")"""
NAME = "rebound.example"


class Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>a stranger's page</title>")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""


@pytest.fixture
def stranger() -> Iterator[str]:
    """Gives the address of another server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def foreign_page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def names_of_jobs(api: Api) -> set[str]:
    return {job["name"] for job in api.client.get("/v1/jobs", params={"limit": 1000}).json()["data"]}


def test_a_page_of_another_port_changes_and_reads_nothing(
    api: Api, foreign_page: Page, stranger: str
) -> None:
    api.open_external("secret job")
    foreign_page.goto(stranger)
    sent = foreign_page.evaluate(SEND, f"{api.url}/v1/jobs")
    assert sent[3:5] == ["failed", "failed"]  # the browser asked first, and was told no
    assert foreign_page.evaluate(READ, f"{api.url}/v1/jobs") == "failed"
    assert "foreign" not in names_of_jobs(api)


def test_a_form_of_another_port_changes_nothing(api: Api, foreign_page: Page, stranger: str) -> None:
    job_id = api.open_external("form")
    foreign_page.goto(stranger)
    with foreign_page.expect_navigation():
        foreign_page.evaluate(
            """(url) => {
              const form = document.createElement("form");
              form.method = "post";
              form.action = url;
              document.body.append(form);
              form.submit();
            }""",
            f"{api.url}/v1/jobs/{job_id}/cancel",
        )
    assert "foreign-origin" in foreign_page.content()
    assert api.client.get(f"/v1/jobs/{job_id}").json()["state"] == "running"


def test_a_page_whose_name_is_made_to_lead_here_gets_nothing(api: Api, foreign_page: Page) -> None:
    """DNS rebinding: to the browser the service is a part of the stranger's site."""
    place = f"http://{NAME}:{api.port}"
    answer = foreign_page.goto(f"{place}/dashboard/")
    assert answer is not None
    assert answer.status == 421
    sent = foreign_page.evaluate(SEND, f"{place}/v1/jobs")
    assert set(sent) <= {"421", "sent", "failed"}
    assert "unknown-host" in foreign_page.evaluate(READ, f"{place}/v1/jobs")
    assert "foreign" not in names_of_jobs(api)


def test_a_page_of_others_cannot_show_the_dashboard_in_a_frame(
    api: Api, foreign_page: Page, stranger: str
) -> None:
    foreign_page.goto(stranger)
    foreign_page.evaluate(
        """(url) => new Promise((resolve) => {
          const frame = document.createElement("iframe");
          frame.addEventListener("load", resolve);
          frame.src = url;
          document.body.append(frame);
        })""",
        f"{api.url}/dashboard/",
    )
    assert foreign_page.frames[1].url.startswith("chrome-error:")
