"""A worker has no key: its runs report with tokens, on an API that needs one or the other."""

import re
import signal
from typing import Any

import psutil

from core.access.keys import create_key
from core.access.scopes import Scope
from core.database import create_db_engine, session_scope
from core.tables import DEFAULT_PROJECT_ID, Job

EPOCHS = 60
TOKEN = re.compile(r"kerasd_job_[0-9A-Z]{26}_[0-9A-Za-z]{43}")


def give_key(service: Any) -> str:
    """Make an admin key beside the API, and let the test's client send it."""
    db_engine = create_db_engine(service.settings.database_url)
    with session_scope(db_engine) as session:
        key = create_key(session, DEFAULT_PROJECT_ID, "test", Scope.ADMIN)[1]
    db_engine.dispose()
    service.api.headers["Authorization"] = f"Bearer {key}"
    return key


def read_token(service: Any, job_id: str) -> str | None:
    db_engine = create_db_engine(service.settings.database_url)
    with session_scope(db_engine, read_only=True) as session:
        kept = session.get_one(Job, job_id).token_sha256
    db_engine.dispose()
    return kept


def test_a_run_reports_with_its_token_and_goes_on_with_another(make_service: Any) -> None:
    service = make_service(require_keys=True)
    key = give_key(service)
    worker = service.start_worker()
    job_id = service.submit(fit={"epochs": EPOCHS, "batch_size": 32})
    service.wait_for_epoch(job_id, 2)
    first = read_token(service, job_id)
    training = service.find_training(job_id)
    watched = [psutil.Process(worker.popen.pid), training]
    seen = [str((process.cmdline(), process.environ())) for process in watched]
    training.kill()
    job = service.wait_for(job_id, "succeeded", seconds=180)
    assert job["attempt"] == 2
    assert service.metrics(job_id)["step"] == list(range(EPOCHS))
    assert first is not None
    assert read_token(service, job_id) is None
    written = [path.read_text(errors="replace") for path in service.logs.glob("*.log")]
    log = service.api.get(f"/v1/jobs/{job_id}/logs").text
    for text in (*seen, *written, log):
        assert TOKEN.search(text) is None
        assert key not in text
    assert not [text for text in written if "refused" in text]


def test_a_run_whose_token_was_taken_away_stops_and_loses_nothing(make_service: Any) -> None:
    service = make_service()
    service.start_worker()
    api = next(process for process in service.processes if process.name == "api")
    job_id = service.submit(fit={"epochs": EPOCHS, "batch_size": 32})
    service.wait_for_epoch(job_id, 2)
    api.send(signal.SIGKILL)  # it remembers tokens for a moment
    db_engine = create_db_engine(service.settings.database_url)
    with session_scope(db_engine) as session:
        session.get_one(Job, job_id).token_sha256 = "0" * 64
    db_engine.dispose()
    service.start_api()
    job = service.wait_for(job_id, "succeeded", seconds=180)
    assert job["attempt"] == 2
    assert service.metrics(job_id)["step"] == list(range(EPOCHS))
    assert "takes the token of attempt 1 no more" in (service.logs / "worker.log").read_text()
