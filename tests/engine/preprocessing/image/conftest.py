"""Images in arrays and in folders."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

HEIGHT, WIDTH = 6, 8


@pytest.fixture
def images() -> np.ndarray:
    """Eight RGB images of noise."""
    return np.random.RandomState(3).uniform(0, 255, (8, HEIGHT, WIDTH, 3)).astype("float32")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three red cats and five blue dogs, which lie in a folder further down; each has its own shade."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), "uint8")
    directory = tmp_path / "pets"
    for class_name, inner, channel, count in (("cats", ".", 0, 3), ("dogs", "b/c", 2, 5)):
        place = directory / class_name / inner
        place.mkdir(parents=True)
        for number in range(count):
            shade = pixels.copy()
            shade[..., channel] = 100 + 10 * number
            Image.fromarray(shade).save(place / f"{number}.png")
    (directory / "cats" / "notes.txt").write_text("no image")
    return directory
