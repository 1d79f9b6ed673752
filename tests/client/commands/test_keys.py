"""`kerasd keys` and the API key, against a service that needs one."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from client import Client, KerasdError
from core.access.keys import create_key
from core.access.scopes import Scope
from core.tables import DEFAULT_PROJECT_ID
from tests.api_process import ApiProcess
from tests.client.conftest import KERASD


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    home = tmp_path_factory.mktemp("guarded")
    server = ApiProcess(home, f"sqlite:///{home / 'kerasd.db'}", require_keys=True)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def admin_key(server: ApiProcess) -> str:
    with server.session() as session:
        return create_key(session, DEFAULT_PROJECT_ID, "me", Scope.ADMIN)[1]


@pytest.fixture
def guarded_kerasd(server: ApiProcess, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command against the service, with a key or without."""

    def run(key: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "KERASD_URL": server.url, "KERASD_API_KEY": key}
        return subprocess.run(
            [KERASD, *arguments], capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment
        )

    return run


def test_keys_are_made_used_rotated_and_revoked(guarded_kerasd: Any, admin_key: str) -> None:
    made = guarded_kerasd(admin_key, "keys", "create", "nightly", "--scope", "read", "--expires-days", "2")
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    assert key.startswith("kerasd_")
    assert key not in made.stderr
    status = guarded_kerasd(key, "status")
    assert status.returncode == 0, status.stderr
    assert "Project default, scope read, key nightly" in status.stdout
    refused = guarded_kerasd(key, "keys", "list")
    assert refused.returncode == 1
    assert "needs a key of the scope admin" in refused.stderr
    listed = guarded_kerasd(admin_key, "keys", "list")
    assert key not in listed.stdout
    rows = {row.split("\t")[2]: row.split("\t") for row in listed.stdout.splitlines()}
    assert rows["nightly"][3:5] == ["read", "live"]
    rotated = guarded_kerasd(admin_key, "keys", "rotate", rows["nightly"][0], "--overlap-seconds", "60")
    assert rotated.stdout.strip() not in ("", key)
    revoked = guarded_kerasd(admin_key, "keys", "revoke", rows["nightly"][0])
    assert "is revoked" in revoked.stdout, revoked.stderr


@pytest.mark.parametrize("key", ["", "kerasd_wrong"])
def test_without_a_good_key_the_command_says_what_to_do(guarded_kerasd: Any, key: str) -> None:
    refused = guarded_kerasd(key, "jobs")
    assert refused.returncode == 1
    assert "KERASD_API_KEY" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "kerasd_wrong" not in refused.stderr


def test_every_kind_of_request_carries_the_key_and_nothing_prints_it(
    server: ApiProcess, admin_key: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    path = tmp_path / "data.csv"
    path.write_text("x,y\n1,2\n2,4\n")
    with Client(server.url) as stranger, pytest.raises(KerasdError) as refused:
        stranger.jobs.list()
    assert refused.value.status == 401
    with Client(server.url, api_key=admin_key) as client:
        assert client.datasets.upload(path).rows == 2
        job = client.jobs.create(external=True)
        token = client.jobs.mint_token(job.id)
        with Client(server.url, api_key=token) as run:
            run.jobs.publish(job.id, 0, {"loss": 0.5})
            run.jobs.finish(job.id)
        assert [event.kind for event in client.jobs.watch(job.id)][-1] == "end"
        with pytest.raises(KerasdError, match="has no artifact"):
            client.jobs.fetch(job.id, "model.h5", tmp_path)
        made = client.keys.create("guest", scope="read")
        assert client.access().project.name == "default"
        shown = f"{client!r} {client._transport.http!r} {made!r} {made} {client.keys.list()!r}"
    for secret in (admin_key, made.key, token):
        assert secret not in shown
        assert secret not in caplog.text
