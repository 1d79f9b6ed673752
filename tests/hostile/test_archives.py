"""Zip archives of strangers: data sets of images and arrays, and `.keras` files in the engine's own loader."""

import io
import json
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.models import load_model
from engine.utils import get_file
from tests.hostile.conftest import Traps
from tests.hostile.definitions import keras_3, layer

MIB = 1024**2


def picture(size: tuple[int, int] = (4, 4)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size).save(file, "png")
    return file.getvalue()


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return file.getvalue()


def link(target: Path) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("cat/a.png")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry


def lie_about_size(data: bytes) -> bytes:
    """Say that each member unpacks to 10 bytes."""
    changed = bytearray(data)
    place = changed.find(b"PK\x01\x02")
    changed[place + 24 : place + 28] = (10).to_bytes(4, "little")
    return bytes(changed)


SOUND = ("cat/a.png", picture()), ("dog/b.png", picture())

ATTACKS: dict[str, Callable[[Traps], bytes]] = {
    "climbing path": lambda traps: zipped(*SOUND, ("cat/../../canary.png", picture())),
    "absolute path": lambda traps: zipped(*SOUND, (str(traps.canary), picture())),
    "backslashes": lambda traps: zipped(*SOUND, ("cat\\..\\canary.png", picture())),
    "drive": lambda traps: zipped(*SOUND, ("C:/canary.png", picture())),
    "symbolic link": lambda traps: zipped((link(traps.secret), str(traps.secret).encode())),
    "bomb": lambda traps: zipped(("cat/a.png", bytes(80 * MIB)), ("dog/b.png", picture())),
    "bomb that lies": lambda traps: lie_about_size(zipped(("cat/a.png", bytes(80 * MIB)))),
    "bomb of npz": lambda traps: lie_about_size(zipped(("x.npy", bytes(80 * MIB)))),
    "zip in a zip": lambda traps: zipped(("cat/a.zip", zipped(("b", bytes(MIB))))),
    "picture bomb": lambda traps: zipped(("cat/a.png", picture((9_000, 9_000)))),
    "no picture": lambda traps: zipped(("cat/a.png", b"GIF89a" + bytes(20)), ("dog/b.png", picture())),
    "script in a picture": lambda traps: zipped(
        ("cat/a.png", b"%!PS\n(" + traps.command.encode() + b") run\n"), ("dog/b.png", picture())),
    "picture that is SVG": lambda traps: zipped(
        ("cat/a.svg", f'<svg xmlns:xlink="x"><image xlink:href="{traps.url}"/></svg>'.encode())),
    "names of controls": lambda traps: zipped(("ca\x1b[2Jt/a.png", picture()), ("dog/b.png", picture())),
    "cut short": lambda traps: zipped(*SOUND)[:-30],
    "directory elsewhere": lambda traps: zipped(*SOUND)[:-6] + b"\xff\xff\xff\x7f\x00\x00",
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_archives_of_strangers(attack: Callable[[Traps], bytes], traps: Traps, refuse: Any) -> None:
    refuse("/v1/datasets", content=attack(traps), headers={"content-type": "application/zip"})


def keras_file(path: Path, config: Any, weights: bytes = b"") -> Path:
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    path.write_bytes(zipped(("metadata.json", b"{}"), ("config.json", text), ("model.weights.h5", weights)))
    return path


KERAS_FILES: dict[str, tuple[Callable[[Traps], Any], str]] = {
    "Lambda": (lambda traps: keras_3(layer("Lambda", function="x")), "Lambda"),
    "any function": (lambda traps: keras_3({"module": "os", "class_name": "system", "config": {}}), "system"),
    "torch.load": (lambda traps: keras_3(layer("TorchModuleWrapper", module="x")), "TorchModuleWrapper"),
    "SavedModel": (lambda traps: keras_3(layer("TFSMLayer", filepath="x")), "TFSMLayer"),
    "text bomb": (lambda traps: b" " * (80 * MIB), "at most|fold"),
    "list": (lambda traps: [], "no JSON object"),
    "no weights": (lambda traps: keras_3(layer("Dense", units=2)), "not an HDF5 file"),
}


@pytest.mark.parametrize(("config", "words"), KERAS_FILES.values(), ids=KERAS_FILES)
def test_keras_files_are_refused_by_the_engine(
    config: Callable[[Traps], Any], words: str, traps: Traps, tmp_path: Path
) -> None:
    path = keras_file(tmp_path / "model.keras", config(traps))
    with pytest.raises(ValueError, match=words):
        load_model(path)


def test_keras_files_are_no_upload(tmp_path: Path, refuse: Any) -> None:
    path = keras_file(tmp_path / "model.keras", keras_3(layer("Dense", units=2)))
    refuse("/v1/models", 400, content=path.read_bytes())


@pytest.mark.parametrize("kind", ["climbing path", "link", "hard link", "device"])
def test_archives_that_get_file_unpacks_stay_in_their_folder(kind: str, traps: Traps, tmp_path: Path) -> None:
    """CVE-2025-12638, CVE-2025-12060."""
    entry = tarfile.TarInfo("../../canary" if kind == "climbing path" else "inside")
    entry.type = {"link": tarfile.SYMTYPE, "hard link": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}.get(
        kind, tarfile.REGTYPE
    )
    entry.linkname = "../../secret"
    source = tmp_path / "source.tar"
    with tarfile.open(source, "w") as archive:
        archive.addfile(entry, io.BytesIO())
    with pytest.raises((ValueError, tarfile.TarError, OSError)):
        get_file("a.tar", source.as_uri(), extract=True, cache_dir=str(tmp_path / "cache" / "inner"))


def test_arrays_of_pickles_are_not_loaded_as_word_index(traps: Traps, tmp_path: Path, refuse: Any) -> None:
    body = io.BytesIO()
    np.savez(body, x=np.array([{}], dtype=object))
    refuse("/v1/datasets", words="pickle", content=body.getvalue())
