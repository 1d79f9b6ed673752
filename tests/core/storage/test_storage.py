"""Both stores, against real files and a real S3 server on loopback."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.database import utc_now
from core.settings import Settings
from core.storage import ObjectNotFoundError, ObjectStore, StorageFullError, open_store
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


def test_a_store_tells_what_it_holds(store: ObjectStore, tmp_path: Path) -> None:
    assert (list(store.list_objects()), list(store.list_checkpoints())) == ([], [])
    assert (store.find_object(ABSENT), store.find_checkpoint("job_1")) == (None, None)
    digests = {store.put_stream([bytes([number])]).sha256 for number in range(40)}
    path = tmp_path / "checkpoint"
    path.write_bytes(b"weights")
    store.put_checkpoint("job_1", path)
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


def test_a_checkpoint_replaces_the_one_before(store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    assert store.get_checkpoint("job_1") is None
    for content in (b"first", b"second, longer"):
        path.write_bytes(content)
        store.put_checkpoint("job_1", path)
        found = store.get_checkpoint("job_1")
        assert found is not None
        assert found.read_bytes() == content
    assert store.get_checkpoint("job_2") is None
    store.delete_checkpoint("job_1")
    store.delete_checkpoint("job_1")
    assert store.get_checkpoint("job_1") is None


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
    with pytest.raises(Exception, match=r"127\.0\.0\.1:9"):
        store.check()


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
        checkpoint_key(name)


@pytest.mark.parametrize("url", ["objects", "s3:bucket", "/folder"])
def test_an_address_of_no_store_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="storage_url must be"):
        open_store(Settings(home=tmp_path, storage_url=url))
