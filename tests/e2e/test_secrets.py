"""A service with every kind of secret, in which things go wrong: no log and no list of processes tells one."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from sqlalchemy.engine import make_url

from core.access.keys import create_key
from core.access.projects import open_project
from core.access.scopes import Scope
from tests.api_process import ApiProcess
from tests.worker.conftest import make_arrays, make_definition, wait_until

DATABASE_PASSWORD = "database-5ecret"
BROKER_PASSWORD = "broker-5ecret"
STORAGE_SECRET = "storage-5ecret"
PRESENTED = "Bearer presented-5ecret"
TOKEN = re.compile(r"kerasd_(?:job_)?[0-9A-Za-z]+_[0-9A-Za-z]{43}")


class Secretive(ApiProcess):
    """The API and a worker, at the most talkative."""

    def __init__(self, home: Path, database_url: str) -> None:
        # The server trusts everybody from here, and takes any password.
        url = make_url(database_url).set(password=DATABASE_PASSWORD).render_as_string(hide_password=False)
        super().__init__(
            home,
            url,
            require_keys=True,
            log_level="DEBUG",
            broker_url=f"redis://:{BROKER_PASSWORD}@127.0.0.1:1/0",
            storage_options=json.dumps({"secret": STORAGE_SECRET}),
            sweep_seconds=0.2,
        )
        self.environment["KERASD_API_URL"] = self.url
        with self.session() as session:
            _, self.key = create_key(session, open_project(session, "default").id, "me", Scope.ADMIN)

    def start(self) -> None:
        super().start()
        with (self.home / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "worker"],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        self.worker.terminate()
        self.worker.wait(60)
        super().stop()

    def read_command_lines(self) -> str:
        lines = []
        for pid in (self.pid, self.worker.pid):
            parent = psutil.Process(pid)
            for process in (parent, *parent.children(recursive=True)):
                try:
                    lines += process.cmdline()
                except psutil.NoSuchProcess:
                    continue
        return "\n".join(lines)


@pytest.fixture
def secretive(tmp_path: Path, postgresql_url: str) -> Iterator[Secretive]:
    server = Secretive(tmp_path, postgresql_url)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def provoke(server: Secretive) -> None:
    """Ask for what is wrong, by wrong and right credentials in every place."""
    wrong = [
        {"Authorization": PRESENTED},
        {"X-API-Key": server.key + "x"},
        {"Cookie": f"kerasd_session={server.key[:-1]}x"},
        {"Authorization": f"Bearer {server.key}", "X-API-Key": "another-5ecret"},
    ]
    for headers in wrong:
        assert httpx.get(f"{server.url}/v1/jobs", headers=headers, timeout=60).status_code == 401
    assert httpx.post(f"{server.url}/v1/session", json={"key": server.key}, timeout=60).status_code == 204
    with httpx.Client(base_url=server.url, headers={"X-API-Key": server.key}, timeout=60) as client:
        client.get("/v1/jobs", params={"api_key": server.key})
        client.post("/v1/jobs", content=b"{")
        model = client.post("/v1/models", json=make_definition()).json()["id"]
        with server.db_engine.begin() as connection:
            connection.exec_driver_sql("UPDATE models SET summary = '7' WHERE id = %s", (model,))
        assert client.get(f"/v1/models/{model}").status_code == 500


def train(server: Secretive) -> tuple[dict[str, Any], str, str]:
    """Train a job. Returns: the job, its log, and the command lines while it ran."""
    with httpx.Client(base_url=server.url, headers={"X-API-Key": server.key}, timeout=60) as client:
        file = io.BytesIO()
        np.savez(file, **make_arrays())
        dataset = client.post("/v1/datasets", content=file.getvalue()).json()["id"]
        request = {
            "model": make_definition(),
            "dataset": dataset,
            "compile": {"optimizer": "sgd", "loss": "sparse_categorical_crossentropy"},
            "fit": {"epochs": 3},
        }
        job = client.post("/v1/jobs", json=request).json()["id"]
        lines = ""

        def has_ended() -> bool:
            nonlocal lines
            lines += server.read_command_lines()
            return client.get(f"/v1/jobs/{job}").json()["state"] in {"succeeded", "failed"}

        wait_until(has_ended, "the end of the job", seconds=200)
        return client.get(f"/v1/jobs/{job}").json(), client.get(f"/v1/jobs/{job}/logs").text, lines


def test_no_secret_is_logged_or_listed(secretive: Secretive) -> None:
    provoke(secretive)
    job, log, lines = train(secretive)
    assert job["state"] == "succeeded", job
    # Errors of drivers like to quote addresses.
    secretive.environment["KERASD_DATABASE_URL"] = f"postgresql://kerasd:{DATABASE_PASSWORD}@127.0.0.1:1/none"
    failed = subprocess.run(
        [sys.executable, "-m", "core.migrate"],
        env={**os.environ, **secretive.environment},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert failed.returncode != 0
    logs = "".join(path.read_text() for path in secretive.home.rglob("*.log"))
    assert "Traceback" in logs  # things did go wrong, and were told
    assert "worker" in logs
    said = failed.stdout + failed.stderr
    for place, text in {
        "logs": logs, "the job's log": log, "command lines": lines, "what a failed command says": said,
    }.items():  # fmt: skip
        assert "5ecret" not in text, (place, re.findall(".*5ecret.*", text)[:3])
        assert TOKEN.search(text) is None, (place, TOKEN.findall(text)[:3])
