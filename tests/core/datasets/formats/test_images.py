import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets import DatasetError, Limits, inspect_file, preview
from core.datasets.reading import load_columns


def png(shape: tuple[int, ...] = (2, 3), value: int = 7) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full(shape, value, np.uint8)).save(file, "png")
    return file.getvalue()


def write(tmp_path: Path, files: dict[str, bytes]) -> Path:
    path = tmp_path / "images.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_folder_a_class(tmp_path: Path) -> None:
    path = write(tmp_path, {
        "pets/dog/1.png": png(value=1), "pets/cat/9.png": png(value=2), "pets/dog/0.png": png(value=3),
        "__MACOSX/pets/._dog": b"", "pets/.DS_Store": b"x",
    })  # fmt: skip
    description = inspect_file(path)
    image, label = description.columns
    assert (description.format, description.rows) == ("images", 3)
    assert (image.shape, image.dtype, image.minimum, image.maximum) == ((2, 3, 1), "uint8", 1.0, 3.0)
    assert (label.dtype, label.classes) == ("string", {"cat": 1, "dog": 2})
    loaded = load_columns(path, "images", ["image", "label"])
    assert loaded["image"][:, 0, 0, 0].tolist() == [2, 3, 1]
    assert loaded["label"].tolist() == [0, 1, 1]
    assert preview(path, "images", 2)["label"] == ["cat", "dog"]


def test_train_and_test_folders_share_their_classes(tmp_path: Path) -> None:
    path = write(tmp_path, {"train/a/1.png": png(), "train/b/1.png": png(), "test/b/1.png": png()})
    columns = {column.name: column for column in inspect_file(path).columns}
    assert list(columns) == ["image_test", "label_test", "image_train", "label_train"]
    assert columns["label_test"].classes == {"a": 0, "b": 1}
    assert load_columns(path, "images", ["label_test"])["label_test"].tolist() == [1]


def test_one_coloured_image_makes_all_rgb(tmp_path: Path) -> None:
    path = write(tmp_path, {"a/1.png": png(), "b/1.png": png((2, 3, 4))})
    assert inspect_file(path).columns[0].shape == (2, 3, 3)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"a/1.png": png(), "b/2.png": png((5, 3))},
            "'b/2.png' is 3 x 5 pixels and 'a/1.png' is 3 x 2 pixels",
        ),
        ({"a/1.png": png(), "b/2.png": b"no image"}, "'b/2.png' in the zip archive is not a readable image"),
        ({"a/1.png": png(), "b/2.txt": b"hello"}, "'b/2.txt' in the zip archive is no image"),
        ({"1.png": png(), "2.png": png()}, "'1.png' in the zip archive is not in a class folder"),
        ({"a/1.png": png(), "../b/2.png": png()}, "'../b/2.png', which leaves the archive"),
        ({"a/1.png": png(), "/etc/2.png": png()}, "'/etc/2.png', which leaves the archive"),
        ({".DS_Store": b""}, "is empty"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    with pytest.raises(DatasetError) as caught:
        inspect_file(write(tmp_path, files))
    assert words in caught.value.detail


def test_symbolic_links_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.zip"
    link = zipfile.ZipInfo("a/1.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DatasetError, match="symbolic link"):
        inspect_file(path)


def test_pixels_are_counted_before_they_are_decoded(tmp_path: Path) -> None:
    path = write(tmp_path, {"a/1.png": png((2000, 2000))})
    with pytest.raises(DatasetError, match="limit is 1,000,000 pixels"):
        inspect_file(path, Limits(max_pixels=1_000_000))
    with pytest.raises(DatasetError, match="limit is 1,000,000 bytes"):
        inspect_file(path, Limits(max_decompressed_bytes=1_000_000))
