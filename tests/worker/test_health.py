import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from core.database import session_scope, utc_now
from core.settings import Settings
from core.tables import Worker
from worker.registration import Registration


def ask(home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "worker.health"]
    return subprocess.run(
        command, env={**os.environ, "KERASD_HOME": str(home)}, capture_output=True, text=True
    )


def test_health_is_told_by_the_exit_status(tmp_path: Path, db_engine: Engine) -> None:
    none = ask(tmp_path)
    assert (none.returncode, "no worker" in none.stderr) == (1, True)
    registration = Registration(Settings(home=tmp_path), db_engine)
    registration.report([])
    assert ask(tmp_path).returncode == 0
    with session_scope(db_engine) as session:
        session.get_one(Worker, registration.worker_id).seen_at = utc_now() - timedelta(seconds=100)
    silent = ask(tmp_path)
    told = re.search(r"seen (\d+) seconds ago", silent.stderr)
    assert (silent.returncode, told is not None and int(told[1]) >= 100) == (1, True)
