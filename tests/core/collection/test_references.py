"""No order of puts, references, deletions and collections loses an object that a row refers to."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import integers
from sqlalchemy import Engine, delete

from core.collection import collect, confirm_object, discard_unreferenced
from core.database import session_scope
from core.identifiers import new_id
from core.settings import Settings
from core.storage import open_store
from core.storage.keys import object_key
from core.tables import Dataset

CONTENTS = 4
TURNS = 30
WRITE = """
import sys
from pathlib import Path
from core.collection import confirm_object, discard_unreferenced
from core.database import create_db_engine, session_scope
from core.identifiers import new_id
from core.settings import Settings
from core.storage import open_store
from core.tables import Dataset

home, url, turns = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store, db_engine = open_store(Settings(home=home)), create_db_engine(url)
print("ready", flush=True)
sys.stdin.readline()
for turn in range(turns):
    path = home / str(turn % 2)
    sha256 = store.put_file(path).sha256
    with session_scope(db_engine) as session:
        confirm_object(session, store, path, sha256)
        row = Dataset(id=new_id("dst"), name="x", format="npy", sha256=sha256, size_bytes=1, rows=1)
        session.add(row)
    for _ in range(3):
        with store.open(sha256) as file:
            assert file.read() == path.read_bytes()
    with session_scope(db_engine) as session:
        session.delete(session.get_one(Dataset, row.id))
    if turn % 3 == 0:
        with session_scope(db_engine) as session:
            discard_unreferenced(session, store, [sha256])
db_engine.dispose()
"""
COLLECT = """
import sys
from pathlib import Path
from threading import Event, Thread
from core.collection import collect
from core.database import create_db_engine
from core.settings import Settings
from core.storage import open_store

settings = Settings(home=Path(sys.argv[1]), orphan_seconds=0)
store, db_engine = open_store(settings), create_db_engine(sys.argv[2])
print("ready", flush=True)
over = Event()
Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
while not over.is_set():
    collect(settings, db_engine, store)
db_engine.dispose()
"""


class Storing(RuleBasedStateMachine):
    """A few objects, what should be stored of them, and who refers to them."""

    def __init__(self, db_engine: Engine, home: Path) -> None:
        super().__init__()
        self.db_engine = db_engine
        self.home = home
        self.settings = Settings(home=home, orphan_seconds=3600)
        self.store = open_store(self.settings)
        self.paths = [home / f"content-{number}" for number in range(CONTENTS)]
        for number, path in enumerate(self.paths):
            path.write_bytes(b"content" * number)
        self.writers: list[tuple[Path, str]] = []
        self.rows: dict[str, str] = {}
        self.stored: set[str] = set()
        self.young: set[str] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.home / "objects", ignore_errors=True)
        with session_scope(self.db_engine) as session:
            session.execute(delete(Dataset))

    @rule(number=integers(0, CONTENTS - 1))
    def put(self, number: int) -> None:
        """A writer stores an object that it will refer to later, or never."""
        sha256 = self.store.put_file(self.paths[number]).sha256
        self.writers.append((self.paths[number], sha256))
        self.stored.add(sha256)
        self.young.add(sha256)

    @precondition(lambda self: self.writers)
    @rule(place=integers(0, 99))
    def refer(self, place: int) -> None:
        """A writer refers to what it has put, however long ago."""
        path, sha256 = self.writers.pop(place % len(self.writers))
        row = Dataset(id=new_id("dst"), name="x", format="npy", sha256=sha256, size_bytes=1, rows=1)
        with session_scope(self.db_engine) as session:
            confirm_object(session, self.store, path, sha256)
            session.add(row)
        self.rows[row.id] = sha256
        if sha256 not in self.stored:
            self.young.add(sha256)
        self.stored.add(sha256)

    @precondition(lambda self: self.writers)
    @rule()
    def die(self) -> None:
        """A writer ends before it has referred to anything."""
        self.writers.pop()

    @precondition(lambda self: self.rows)
    @rule(place=integers(0, 99))
    def forget(self, place: int) -> None:
        """A row goes, and its object is left to the collection."""
        self._drop(place)

    @precondition(lambda self: self.rows)
    @rule(place=integers(0, 99))
    def discard(self, place: int) -> None:
        """A row goes, and its object at once with it."""
        sha256 = self._drop(place)
        with session_scope(self.db_engine) as session:
            discarded = discard_unreferenced(session, self.store, [sha256])
        assert discarded == ([] if sha256 in self.rows.values() else [sha256])
        self.stored -= set(discarded)
        self.young -= set(discarded)

    @rule()
    def grow_old(self) -> None:
        """Two hours pass for all that is stored."""
        for sha256 in self.stored:
            os.utime(self.home / "objects" / object_key(sha256), (0, 0))
        self.young.clear()

    @rule()
    def collect(self) -> None:
        dead = self.stored - set(self.rows.values()) - self.young
        assert collect(self.settings, self.db_engine, self.store, is_dry_run=True).objects == len(dead)
        assert set(self.store.list_objects()) == self.stored
        assert collect(self.settings, self.db_engine, self.store).objects == len(dead)
        self.stored -= dead

    @invariant()
    def what_is_stored_is_what_should_be(self) -> None:
        assert set(self.store.list_objects()) == self.stored
        assert set(self.rows.values()) <= self.stored

    def _drop(self, place: int) -> str:
        row_id = sorted(self.rows)[place % len(self.rows)]
        with session_scope(self.db_engine) as session:
            session.delete(session.get_one(Dataset, row_id))
        return self.rows.pop(row_id)


def test_no_order_of_events_loses_a_live_object_or_keeps_a_dead_one(
    db_engine: Engine, tmp_path: Path
) -> None:
    run_state_machine_as_test(
        lambda: Storing(db_engine, tmp_path),
        settings=settings(
            derandomize=True,
            database=None,
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process


def test_processes_that_write_delete_and_collect_at_once(
    db_engine: Engine, database_url: str, tmp_path: Path
) -> None:
    for number in range(2):
        (tmp_path / str(number)).write_bytes(bytes([number]) * 1000)
    processes = [start(WRITE, tmp_path, database_url, TURNS) for _ in range(3)]
    collector = start(COLLECT, tmp_path, database_url)
    try:
        for process in (*processes, collector):
            assert pipe(process.stdout).readline() == "ready\n"
        for process in processes:
            pipe(process.stdin).write("go\n")
            pipe(process.stdin).flush()
        assert [process.wait(60) for process in processes] == [0, 0, 0]
        collector.communicate(timeout=60)
        assert collector.returncode == 0
    finally:
        for process in (*processes, collector):
            process.kill()
            process.communicate()
    store, settings_ = open_store(Settings(home=tmp_path)), Settings(home=tmp_path, orphan_seconds=0)
    collect(settings_, db_engine, store)
    assert list(store.list_objects()) == []


def pipe(file: Any) -> Any:
    assert file is not None
    return file
