"""Images in files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.preprocessing import image


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An RGB image of 4 rows and 6 columns."""
    place = tmp_path / "colors.png"
    pixels = np.random.randint(0, 256, (4, 6, 3)).astype("uint8")
    Image.fromarray(pixels).save(place)
    return place


def test_loads_as_rgb_or_gray(path: Path) -> None:
    assert image.load_img(path).mode == "RGB"
    gray = image.load_img(str(path), grayscale=True)
    assert gray.mode == "L"
    assert gray.tobytes() == Image.open(path).convert("L").tobytes()


def test_transparency_is_dropped(tmp_path: Path) -> None:
    Image.new("RGBA", (2, 2), (10, 20, 30, 40)).save(tmp_path / "clear.png")
    assert image.load_img(tmp_path / "clear.png").getpixel((0, 0)) == (10, 20, 30)


@pytest.mark.parametrize(
    ("interpolation", "method"),
    [
        ("nearest", Image.Resampling.NEAREST),
        ("bilinear", Image.Resampling.BILINEAR),
        ("bicubic", Image.Resampling.BICUBIC),
        ("hamming", Image.Resampling.HAMMING),
        ("box", Image.Resampling.BOX),
        ("lanczos", Image.Resampling.LANCZOS),
    ],
)
def test_resizes_to_height_and_width(path: Path, interpolation: str, method: Image.Resampling) -> None:
    resized = image.load_img(path, target_size=(8, 3), interpolation=interpolation)
    with Image.open(path) as original:
        expected = original.resize((3, 8), method)
    assert resized.tobytes() == expected.tobytes()


def test_an_unknown_interpolation_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="Unknown `interpolation`: 'cubic'"):
        image.load_img(path, target_size=(2, 2), interpolation="cubic")


def test_a_broken_file_is_named(path: Path) -> None:
    whole = path.read_bytes()
    for broken in (whole[:60], b"no image", b""):
        path.write_bytes(broken)
        with pytest.raises(OSError, match=r"colors\.png can't be read as an image"):
            image.load_img(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.png"):
        image.load_img(tmp_path / "nowhere.png")


def test_saves_what_it_loads(path: Path, tmp_path: Path) -> None:
    array = image.img_to_array(image.load_img(path))
    image.save_img(tmp_path / "copy.bmp", array, scale=False)
    np.testing.assert_array_equal(image.img_to_array(image.load_img(tmp_path / "copy.bmp")), array)
    first = array.transpose(2, 0, 1)
    image.save_img(
        tmp_path / "copy", first, data_format="channels_first", file_format="jpeg", scale=False, quality=50
    )
    with Image.open(tmp_path / "copy") as saved:
        assert (saved.format, saved.size) == ("JPEG", (6, 4))


def test_lists_pictures_of_all_folders(folder: Path) -> None:
    found = [str(Path(path).relative_to(folder)) for path in image.list_pictures(str(folder))]
    assert found == [*(f"cats/{i}.png" for i in range(3)), *(f"dogs/b/c/{i}.png" for i in range(5))]
    assert image.list_pictures(str(folder), ext="txt") == [str(folder / "cats" / "notes.txt")]
