import hashlib
import os

import pytest

from client import KerasdError

CONTENT = os.urandom(700_000)


@pytest.fixture
def kept_id(service, job_id):
    """A job with a file."""
    service.keep_artifact(job_id, "summary.txt", CONTENT)
    return job_id


def test_a_file_comes_whole_with_progress(client, kept_id, tmp_path):
    seen = []
    path = client.jobs.fetch(
        kept_id, "summary.txt", tmp_path / "mine.txt", progress=lambda done, total: seen.append((done, total))
    )
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.txt"]
    assert path.stat().st_mode & 0o777 == 0o666 & ~read_umask()


def read_umask():
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_a_folder_takes_the_file_under_its_name(client, kept_id, tmp_path):
    assert client.jobs.fetch(kept_id, "summary.txt", tmp_path) == tmp_path / "summary.txt"
    (artifact,) = client.jobs.artifacts(kept_id)
    assert artifact.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_broken_download_goes_on_where_it_broke(far_client, network, kept_id, tmp_path):
    network.cuts.extend([300_000, 300_000])

    path = far_client.jobs.fetch(kept_id, "summary.txt", tmp_path)

    assert path.read_bytes() == CONTENT
    assert b"".join(network.requests).lower().count(b"range: bytes=") >= 1


def test_damaged_bytes_never_get_the_name(service, client, job_id, tmp_path):
    service.keep_artifact(job_id, "summary.txt", CONTENT[:1000], sha256=hashlib.sha256(b"other").hexdigest())
    target = tmp_path / "summary.txt"
    target.write_text("what was there before")

    with pytest.raises(KerasdError, match="SHA-256"):
        client.jobs.fetch(job_id, "summary.txt", target)

    assert target.read_text() == "what was there before"
    assert list(tmp_path.iterdir()) == [target]


def test_an_unknown_artifact_names_those_there_are(client, kept_id, tmp_path):
    with pytest.raises(KerasdError, match=r"summary\.txt"):
        client.jobs.fetch(kept_id, "model.h5", tmp_path)
    assert list(tmp_path.iterdir()) == []
