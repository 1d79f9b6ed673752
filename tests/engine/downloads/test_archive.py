"""Archives that behave and archives that don't."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from engine.downloads import archive, extract_archive


def make_tar(path: Path, *members: tarfile.TarInfo, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as file:  # type: ignore[call-overload]
        for member in members:
            file.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(tmp_path: Path, folder: Path, mode: str) -> None:
    path = make_tar(tmp_path / "a", member("d", tarfile.DIRTYPE), member("d/f", size=3), mode=mode)
    (folder / "d").mkdir()
    (folder / "d/f").write_bytes(b"old")
    (folder / "d/mine").write_bytes(b"kept")
    assert extract_archive(path, folder) is True
    assert {p.name: p.read_bytes() for p in (folder / "d").iterdir()} == {"f": b"xxx", "mine": b"kept"}
    assert [p.name for p in folder.iterdir()] == ["d"]


def test_zip(tmp_path: Path, folder: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("d/f", "text")
    assert extract_archive(tmp_path / "a.zip", folder) is True
    assert (folder / "d/f").read_text() == "text"


def test_formats(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "plain").write_text("no archive")
    assert extract_archive(tmp_path / "plain", folder) is False
    path = make_tar(tmp_path / "a", member("f"))
    assert extract_archive(path, folder, None) is False
    assert extract_archive(path, folder, []) is False
    assert extract_archive(path, folder, "zip") is False
    assert extract_archive(path, folder, ["zip", "tar"]) is True
    with pytest.raises(ValueError, match="'rar'"):
        extract_archive(path, folder, "rar")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (member("../evil"), "'../evil' lies outside"),
        (member("d/../../evil"), "lies outside"),
        (member("link", tarfile.SYMTYPE, "/etc/passwd"), "'link' is a link or a device"),
        (member("link", tarfile.SYMTYPE, "good"), "is a link or a device"),
        (member("hard", tarfile.LNKTYPE, "good"), "is a link or a device"),
        (member("fifo", tarfile.FIFOTYPE), "is a link or a device"),
        (member("null", tarfile.CHRTYPE), "is a link or a device"),
    ],
)
def test_hostile_tar_is_refused_and_leaves_nothing(
    tmp_path: Path, folder: Path, bad: tarfile.TarInfo, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        extract_archive(make_tar(tmp_path / "a", member("good", size=1), bad), folder)
    assert list(folder.iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "out"]


def test_an_absolute_path_stays_within_the_folder(tmp_path: Path, folder: Path) -> None:
    evil = tmp_path / "evil"
    extract_archive(make_tar(tmp_path / "a", member(str(evil), size=1)), folder)
    assert not evil.exists()


@pytest.mark.parametrize("name", ["../evil", "/evil", "d\\..\\..\\evil"])
def test_hostile_zip_is_refused_and_leaves_nothing(tmp_path: Path, folder: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("good", "x")
        file.writestr(name, "x")
    with pytest.raises(ValueError, match="lies outside"):
        extract_archive(tmp_path / "a.zip", folder)
    assert list(folder.iterdir()) == []


def test_a_link_in_a_zip_is_refused(tmp_path: Path, folder: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(ValueError, match="'link' is a link or a device"):
        extract_archive(tmp_path / "a.zip", folder)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_bombs_are_refused(tmp_path: Path, folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_ALWAYS_ALLOWED_BYTES", 1000)
    path = tmp_path / "bomb"
    if kind == "tar":
        make_tar(path, member("zeros", size=1_000_000))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("zeros", b"0" * 1_000_000)
    with pytest.raises(ValueError, match=r"bomb unpacks to more than \d+ bytes"):
        extract_archive(path, folder)
    assert list(folder.iterdir()) == []


def test_a_damaged_archive_is_named(tmp_path: Path, folder: Path) -> None:
    path = make_tar(tmp_path / "a", member("f", size=200_000), mode="w")
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(ValueError, match=f"{path} is damaged"):
        extract_archive(path, folder)
    assert list(folder.iterdir()) == []
