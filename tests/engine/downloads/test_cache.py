"""`get_file` against a real server on the loopback."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pty
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

from engine.downloads import DownloadError, get_file, hash_file, transfer, validate_file

BODY = bytes(range(256)) * 4000


@pytest.fixture(autouse=True)
def cache(keras_home: Path) -> Path:
    return keras_home


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def make_tar(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as file:  # type: ignore[call-overload]
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            file.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def test_a_file_is_downloaded_once_and_kept_in_keras_folder(
    web: Any, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    web.files["a.bin"] = BODY
    path = get_file("example.bin", web.url("a.bin"))
    assert path == str(cache / "datasets" / "example.bin")
    assert Path(path).read_bytes() == BODY
    assert capsys.readouterr().out == f"Downloading data from {web.url('a.bin')}\n1.0 of 1.0 MB\n"
    assert get_file("example.bin", web.url("a.bin")) == path
    assert len(web.ranges) == 1
    assert capsys.readouterr().out == ""


def read_terminal(master: int) -> bytes:
    """Returns all that was written to a terminal whose other end is closed; one reading may give a part of it."""
    shown = b""
    # What ends it is the error EIO.
    with contextlib.suppress(OSError):
        while part := os.read(master, 10_000):
            shown += part
    return shown


def test_a_terminal_shows_one_line_that_grows(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "_DISPLAY_INTERVAL_SECONDS", 0)
    web.files["a.bin"] = BODY
    master, slave = pty.openpty()
    with open(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        get_file("a.bin", web.url("a.bin"))
    shown = read_terminal(master).decode()
    os.close(master)
    first, *updates = shown.split("\r\n")[0], *shown.split("\r\n")[1].split("\r")[1:]
    assert first == f"Downloading data from {web.url('a.bin')}"
    assert len(updates) > 1
    assert all(update.rstrip().endswith(" of 1.0 MB") for update in updates)
    assert updates[-1].rstrip() == "1.0 of 1.0 MB"


def test_places(web: Any, tmp_path: Path) -> None:
    web.files["a"] = b"a"
    url = web.url("a")
    assert get_file("x", url, cache_subdir="models", cache_dir=tmp_path / "c") == str(tmp_path / "c/models/x")
    assert get_file(str(tmp_path / "deep" / "y"), url) == str(tmp_path / "deep" / "y")
    assert get_file("z", url, cache_subdir=tmp_path / "s") == str(tmp_path / "s/z")
    assert all((tmp_path / name).exists() for name in ("c/models/x", "deep/y", "s/z"))


def test_a_temporary_folder_stands_in_for_one_that_cannot_be_made(
    web: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write_text("a file where the folder should be")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    web.files["a"] = b"a"
    assert get_file("x", web.url("a")) == str(tmp_path / "tmp/.keras/datasets/x")
    with pytest.raises(OSError, match="keras"):
        get_file("x", web.url("a"), cache_dir=cache)


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_hashes(web: Any, cache: Path, algorithm: str, capsys: pytest.CaptureFixture[str]) -> None:
    web.files["a"] = BODY
    good = hashlib.new(algorithm, BODY).hexdigest()
    path = get_file("a", web.url("a"), file_hash=good)
    assert hash_file(path, algorithm) == good
    assert validate_file(path, good)
    assert validate_file(path, good.upper(), algorithm)
    Path(path).write_bytes(b"stale")
    assert Path(get_file("a", web.url("a"), file_hash=good)).read_bytes() == BODY
    assert "downloaded again" in capsys.readouterr().out
    web.files["a"] = b"changed"
    Path(path).write_bytes(b"stale")
    with pytest.raises(DownloadError, match=f"{web.url('a')} has not the expected hash {good}"):
        get_file("a", web.url("a"), file_hash=good)
    assert names_in(cache / "datasets") == ["a"]


def test_older_name_of_the_hash_means_md5(web: Any) -> None:
    web.files["a"] = BODY
    get_file("a", web.url("a"), md5_hash=hashlib.md5(BODY).hexdigest())
    with pytest.raises(DownloadError, match="expected hash"):
        get_file("b", web.url("a"), md5_hash="0" * 32)
    with pytest.raises(ValueError, match="'crc'"):
        hash_file(__file__, "crc")


@pytest.mark.parametrize("permits_ranges", [True, False])
def test_a_cut_download_goes_on_by_itself(web: Any, permits_ranges: bool) -> None:
    web.files["a"] = BODY
    web.permits_ranges = permits_ranges
    web.cuts = [500_000, 600_000 if not permits_ranges else 300_000]
    assert Path(get_file("a", web.url("a"))).read_bytes() == BODY
    assert web.ranges[:2] == [None, "bytes=500000-"]
    assert len(web.ranges) == 3


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"weak"'}])
def test_without_proof_that_the_file_is_the_same_it_starts_anew(web: Any, headers: dict[str, str]) -> None:
    web.files["a"] = BODY
    web.headers = headers
    web.cuts = [500_000]
    get_file("a", web.url("a"), file_hash=hashlib.sha256(BODY).hexdigest())
    assert web.ranges == [None, None]


def test_a_file_that_changes_between_two_parts_is_fetched_whole(web: Any) -> None:
    web.files["a"] = BODY
    web.cuts = [500_000]

    class Changing(dict):
        def items(self) -> Any:
            found = list(super().items())
            self["ETag"] = '"two"'
            web.files["a"] = BODY[::-1]
            return found

    web.headers = Changing(ETag='"one"')
    assert Path(get_file("a", web.url("a"))).read_bytes() == BODY[::-1]


def test_a_download_that_never_ends_leaves_nothing(web: Any, cache: Path) -> None:
    web.files["a"] = BODY
    web.cuts = [1000] * 20
    with pytest.raises(DownloadError, match=f"{web.url('a')}: the connection was cut after 5000 of 1024000"):
        get_file("a", web.url("a"))
    assert names_in(cache / "datasets") == []


def test_an_interrupted_download_leaves_nothing(web: Any, cache: Path, monkeypatch: Any) -> None:
    web.files["a"] = BODY

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.downloads.transfer.Transfer._show", interrupt)
    with pytest.raises(KeyboardInterrupt):
        get_file("a", web.url("a"))
    assert names_in(cache / "datasets") == []


def test_refusals_name_url_and_reason(web: Any, cache: Path) -> None:
    with pytest.raises(DownloadError, match=f"URL fetch failure on {web.url('none')}: 404 -- Not Found"):
        get_file("a", web.url("none"))
    url = web.url("a")
    web.close()
    with pytest.raises(DownloadError, match=f"{url}: .*refused"):
        get_file("a", url)
    with pytest.raises(DownloadError, match="nowhere: unknown url type"):
        get_file("a", "nowhere")
    assert names_in(cache / "datasets") == []


def test_untar_gives_the_folder_in_the_archive(web: Any, cache: Path) -> None:
    web.files["a.tar.gz"] = make_tar({"set/one": b"1", "set/deep/two": b"2"})
    path = get_file("set", web.url("a.tar.gz"), untar=True)
    assert path == str(cache / "datasets" / "set")
    assert (cache / "datasets/set/deep/two").read_bytes() == b"2"
    assert names_in(cache / "datasets") == ["set", "set.tar.gz"]
    assert get_file("set", web.url("a.tar.gz"), untar=True) == path
    assert len(web.ranges) == 1
    (cache / "datasets/set/one").unlink()
    os.rename(cache / "datasets/set", cache / "datasets/gone")
    get_file("set", web.url("a.tar.gz"), untar=True)
    assert (cache / "datasets/set/one").read_bytes() == b"1"
    with pytest.raises(DownloadError, match=r"holds no 'other'"):
        get_file("other", web.url("a.tar.gz"), untar=True)


def test_extract_unpacks_beside_the_archive(web: Any, cache: Path) -> None:
    web.files["a.tar"] = make_tar({"one": b"1"}, "w")
    assert get_file("a.tar", web.url("a.tar"), extract=True) == str(cache / "datasets/a.tar")
    assert (cache / "datasets/one").read_bytes() == b"1"


def test_files_by_other_schemes(tmp_path: Path) -> None:
    (tmp_path / "local").write_bytes(b"here")
    assert Path(get_file("copy", (tmp_path / "local").as_uri())).read_bytes() == b"here"
