"""Whether the service says that it can work only when it can."""

from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.api_process import ApiProcess
from tests.waiting import wait_until


def find_fork_server(server: ApiProcess) -> psutil.Process:
    (found,) = (
        child for child in psutil.Process(server.pid).children() if "core.fork_server" in child.cmdline()
    )
    return found


def find_refusal(api: httpx.Client) -> httpx.Response | None:
    answer = api.get("/readyz")
    return None if answer.is_success else answer


def test_ready_only_while_uploads_can_be_checked(tmp_path: Path, serve_sqlite: Any, problem: Any) -> None:
    with serve_sqlite(tmp_path) as server, httpx.Client(base_url=server.url) as api:
        process = find_fork_server(server)
        process.kill()
        refusal = wait_until(lambda: find_refusal(api), "its end")
        assert "loads the engine" in problem(refusal, 503)["detail"]
        assert api.get("/healthz").is_success
        wait_until(lambda: api.get("/readyz").is_success, "the process")
        assert find_fork_server(server).pid != process.pid
