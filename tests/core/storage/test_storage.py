"""Both stores, against real files and a real S3 server on loopback."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from core.database import utc_now
from core.settings import Settings
from core.storage import (
    ObjectNotFoundError,
    ObjectStore,
    StorageAwayError,
    StorageFullError,
    open_store,
    remote,
)
from core.storage.keys import checkpoint_key, object_key
from core.storage.staging import write_chunks

DATA = os.urandom(3_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
ABSENT = "0" * 64
PUT_AND_WAIT = """
import sys, time
from pathlib import Path
from core.storage.local import LocalStore

def chunks():
    yield b"a" * 2_000_000
    print("half", flush=True)
    time.sleep(600)

LocalStore(Path(sys.argv[1])).put_stream(chunks())
"""
PUT_TOO_MUCH = """
import resource, sys
from pathlib import Path
from core.storage import StorageFullError
from core.storage.local import LocalStore

store = LocalStore(Path(sys.argv[1]))
kept = store.put_stream([b"kept"])
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
try:
    store.put_stream(b"a" * 100_000 for _ in range(20))
except StorageFullError as error:
    print(error)
assert store.open(kept.sha256).read() == b"kept"
"""


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_put_comes_back(store: ObjectStore) -> None:
    stored = store.put_stream(DATA[start : start + 70_000] for start in range(0, len(DATA), 70_000))
    assert (stored.sha256, stored.size_bytes) == (SHA256, len(DATA))
    assert store.exists(SHA256)
    with store.open(SHA256) as file:
        file.seek(1_000_000)
        assert file.read(10) == DATA[1_000_000:1_000_010]
        file.seek(0)
        assert file.read() == DATA
    with store.local_path(SHA256) as path:
        assert path.read_bytes() == DATA


def test_the_same_bytes_are_kept_once_and_deleted(store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    assert store.put_file(path) == store.put_stream([DATA])
    assert path.read_bytes() == DATA
    store.delete(SHA256)
    store.delete(SHA256)
    assert not store.exists(SHA256)


def test_a_file_that_is_adopted_stays_when_it_is_removed(store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(DATA)
    a_week_ago = path.stat().st_mtime - 7 * 24 * 3600
    os.utime(path, (a_week_ago, a_week_ago))
    began = utc_now() - timedelta(seconds=2)
    store.adopt_file(path, SHA256)
    store.adopt_file(path, SHA256)
    path.unlink()
    with store.open(SHA256) as file:
        assert file.read() == DATA
    facts = store.find_object(SHA256)
    assert facts is not None
    assert (facts.size_bytes, facts.modified_at >= began) == (len(DATA), True)


def test_a_file_of_another_filesystem_is_copied(tmp_path: Path, require: Callable[[str], NoReturn]) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        require("a filesystem other than the temporary folder's at /dev/shm")
    store = open_store(Settings(home=tmp_path))
    with tempfile.NamedTemporaryFile(dir=other) as file:
        file.write(DATA)
        file.flush()
        store.adopt_file(Path(file.name), SHA256)
    with store.open(SHA256) as kept:
        assert kept.read() == DATA
    assert len(files_under(tmp_path)) == 1


def test_a_store_tells_what_it_holds(store: ObjectStore, tmp_path: Path) -> None:
    assert (list(store.list_objects()), list(store.list_checkpoints())) == ([], [])
    assert (store.find_object(ABSENT), store.find_checkpoint("job_1")) == (None, None)
    digests = {store.put_stream([bytes([number])]).sha256 for number in range(40)}
    path = tmp_path / "checkpoint"
    path.write_bytes(b"weights")
    store.put_checkpoint("job_1", 1, path)
    assert set(store.list_objects()) == digests
    assert list(store.list_checkpoints()) == ["job_1"]
    for facts, size_bytes in ((store.find_object(min(digests)), 1), (store.find_checkpoint("job_1"), 7)):
        assert facts is not None
        assert facts.size_bytes == size_bytes
        assert abs(utc_now() - facts.modified_at) < timedelta(minutes=1)


def test_what_is_not_the_stores_own_is_not_listed(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    sha256 = store.put_stream([b"kept"]).sha256
    (tmp_path / "objects/sha256/README").write_text("by hand")
    (tmp_path / "objects/sha256/ab").mkdir(exist_ok=True)
    (tmp_path / "objects/sha256/ab/notes.txt").write_text("by hand")
    (tmp_path / "objects/checkpoints").mkdir()
    (tmp_path / "objects/checkpoints/old.bak").write_text("by hand")
    assert (list(store.list_objects()), list(store.list_checkpoints())) == ([sha256], [])


def test_a_second_put_makes_an_object_young_again(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    sha256 = store.put_stream([b"kept"]).sha256
    os.utime(tmp_path / "objects" / object_key(sha256), (0, 0))
    store.put_stream([b"kept"])
    facts = store.find_object(sha256)
    assert facts is not None
    assert abs(utc_now() - facts.modified_at) < timedelta(minutes=1)


def test_an_object_that_is_old_is_uploaded_to_s3_again(
    s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"key": "k", "secret": "s", "endpoint_url": s3_url}
    url = f"s3://bucket/{tmp_path.name}"
    store = open_store(Settings(home=tmp_path, storage_url=url, storage_options=options))
    sha256 = store.put_stream([b"kept"]).sha256
    before = store.find_object(sha256)
    store.put_stream([b"kept"])
    assert store.find_object(sha256) == before
    monkeypatch.setattr("core.storage.remote._YOUNG", timedelta(0))
    wait_for_the_next_second()
    store.put_stream([b"kept"])
    after = store.find_object(sha256)
    assert before is not None
    assert after is not None
    assert after.modified_at > before.modified_at


def wait_for_the_next_second() -> None:
    """S3 tells ages in whole seconds."""
    begun = int(time.time())
    while int(time.time()) == begun:
        time.sleep(0.01)


def test_an_empty_object_is_one(store: ObjectStore) -> None:
    stored = store.put_stream([])
    assert (stored.size_bytes, stored.sha256) == (0, hashlib.sha256(b"").hexdigest())
    with store.open(stored.sha256) as file:
        assert file.read() == b""


def test_what_is_absent_is_said_to_be(store: ObjectStore) -> None:
    assert not store.exists(ABSENT)
    with pytest.raises(ObjectNotFoundError, match=ABSENT):
        store.open(ABSENT)
    with pytest.raises(ObjectNotFoundError, match=ABSENT), store.local_path(ABSENT):
        pass


def test_a_stream_that_breaks_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield DATA
        raise ConnectionResetError("the client went away")

    with pytest.raises(ConnectionResetError):
        store.put_stream(breaking())
    assert not store.exists(SHA256)
    assert files_under(tmp_path) == []


def read_checkpoint(store: ObjectStore, job_id: str) -> bytes | None:
    file = store.open_checkpoint(job_id)
    if file is None:
        return None
    with file:
        return file.read()


@pytest.fixture
def put_checkpoint(store: ObjectStore, tmp_path: Path) -> Callable[[int, bytes], None]:
    """Gives a function with which an attempt at `job_1` puts its checkpoint."""

    def put(attempt: int, content: bytes) -> None:
        path = tmp_path / "checkpoint"
        path.write_bytes(content)
        store.put_checkpoint("job_1", attempt, path)

    return put


def test_a_checkpoint_replaces_the_one_before(
    store: ObjectStore, put_checkpoint: Callable[[int, bytes], None]
) -> None:
    assert read_checkpoint(store, "job_1") is None
    for attempt, content in ((1, b"first"), (1, b"second, longer"), (2, b"third"), (10, b"fourth")):
        put_checkpoint(attempt, content)
        assert read_checkpoint(store, "job_1") == content
        facts = store.find_checkpoint("job_1")
        assert facts is not None
        assert facts.size_bytes == len(content)
    assert read_checkpoint(store, "job_2") is None
    store.delete_checkpoint("job_1")
    store.delete_checkpoint("job_1")
    assert read_checkpoint(store, "job_1") is None
    assert list(store.list_checkpoints()) == []


def test_an_attempt_that_comes_late_replaces_no_newer_checkpoint(
    store: ObjectStore, put_checkpoint: Callable[[int, bytes], None]
) -> None:
    put_checkpoint(9, b"older")
    put_checkpoint(11, b"newest")
    put_checkpoint(10, b"late")
    assert read_checkpoint(store, "job_1") == b"newest"
    put_checkpoint(11, b"newer still")
    facts = store.find_checkpoint("job_1")
    assert facts is not None
    assert facts.size_bytes == len(b"newer still")
    put_checkpoint(10, b"late again")
    assert list(store.list_checkpoints()) == ["job_1"]
    store.delete_checkpoint("job_1")
    assert store.find_checkpoint("job_1") is None


def test_a_checkpoint_is_read_to_its_end_though_it_is_replaced(
    store: ObjectStore, put_checkpoint: Callable[[int, bytes], None]
) -> None:
    put_checkpoint(1, DATA)
    file = store.open_checkpoint("job_1")
    assert file is not None
    with file:
        head = file.read(1000)
        put_checkpoint(2, b"newer")
        store.delete_checkpoint("job_1")
        assert head + file.read() == DATA


def test_a_checkpoint_without_an_attempt_counts_until_an_attempt_has_its_own(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    left = tmp_path / "objects/checkpoints/job_1"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left by an earlier version")
    assert list(store.list_checkpoints()) == ["job_1"]
    assert read_checkpoint(store, "job_1") == b"left by an earlier version"
    store.put_checkpoint("job_1", 3, left)
    assert not left.exists()
    assert read_checkpoint(store, "job_1") == b"left by an earlier version"
    left.write_bytes(b"by a worker that still has the earlier version")
    assert read_checkpoint(store, "job_1") == b"left by an earlier version"
    store.delete_checkpoint("job_1")
    assert files_under(tmp_path) == []


def test_a_store_that_answers_passes_the_check(store: ObjectStore) -> None:
    store.check()


def test_a_store_that_is_down_does_not(tmp_path: Path) -> None:
    options = {
        "key": "k",
        "secret": "s",
        "endpoint_url": "http://127.0.0.1:9",
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    store = open_store(Settings(home=tmp_path, storage_url="s3://bucket/x", storage_options=options))
    for act in (
        store.check,
        lambda: store.put_stream([b"x"]),
        lambda: store.open_checkpoint("job_" + "A" * 26),
    ):
        with pytest.raises(StorageAwayError, match=r"s3://bucket/x did not answer.*127\.0\.0\.1:9"):
            act()


def test_a_server_that_stops_to_read_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_UPLOAD_SECONDS", 0.2)
    monkeypatch.setattr(remote, "_LEAST_BYTES_PER_SECOND", 100_000_000)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(40_000_000)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = {"key": "k", "secret": "s", "endpoint_url": endpoint}
        store = open_store(Settings(home=tmp_path, storage_url="s3://bucket/x", storage_options=options))
        with pytest.raises(StorageAwayError, match="s3://bucket/x did not answer"):
            store.put_checkpoint("job_" + "A" * 26, 1, large)


def test_a_writer_that_is_killed_leaves_no_object(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PUT_AND_WAIT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    (remains,) = files_under(tmp_path)
    assert remains.parent.name == "staging"
    os.utime(remains, (0, 0))
    open_store(Settings(home=tmp_path, storage_url=f"file://{tmp_path}")).put_stream([b"next"])
    assert not remains.exists()


def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PUT_TOO_MUCH, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "No space is left" in done.stdout
    assert [path.parent.parent.name for path in files_under(tmp_path)] == ["sha256"]


def test_the_words_of_the_system_for_a_full_disk_are_known() -> None:
    with pytest.raises(StorageFullError, match="No space is left at /dev"):
        write_chunks(Path("/dev/full"), [b"x"])


@pytest.mark.parametrize("name", ["", "../" * 22, "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_a_key_is_made_of_a_digest_only(name: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        object_key(name)


@pytest.mark.parametrize("name", ["", "job_", "job_../x", "mdl_1", "job_1\n"])
def test_a_checkpoint_is_named_by_a_job_only(name: str) -> None:
    with pytest.raises(ValueError, match="identifier of a job"):
        checkpoint_key(name, 1)


@pytest.mark.parametrize("url", ["objects", "s3:bucket", "/folder"])
def test_an_address_of_no_store_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="storage_url must be"):
        open_store(Settings(home=tmp_path, storage_url=url))
