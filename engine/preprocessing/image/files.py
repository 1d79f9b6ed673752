"""Images in files."""

from __future__ import annotations

import os
import re
from typing import Any

from PIL import Image

from engine.preprocessing.image.conversion import array_to_img

_INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "hamming": Image.Resampling.HAMMING,
    "box": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}


def load_img(
    path: Any,
    grayscale: bool = False,
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
) -> Image.Image:
    """Return the image in a file.

    Args:
        path: the file.
        grayscale: whether to make it gray; else it is made RGB.
        target_size: (height, width) to resize it to.
        interpolation: how to resize it: `nearest`, `bilinear`, `bicubic`, `hamming`, `box` or `lanczos`.

    Raises:
        ValueError: the interpolation is unknown.
        OSError: the file can't be read as an image.
    """
    check_interpolation(interpolation)
    try:
        with Image.open(path) as opened:
            image: Image.Image = opened.convert("L" if grayscale else "RGB")
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise OSError(f"{path} can't be read as an image: {error}. Mend or remove it.") from error
    if target_size is not None:
        height, width = target_size
        if image.size != (width, height):
            image = image.resize((width, height), _INTERPOLATIONS[interpolation])
    return image


def check_interpolation(interpolation: str) -> None:
    """Check that there is an interpolation of this name.

    Raises:
        ValueError: there is none.
    """
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(
            f"Unknown `interpolation`: {interpolation!r}. Use one of {', '.join(_INTERPOLATIONS)}."
        )


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as an image file.

    Args:
        path: the file.
        x: one image.
        data_format: `channels_last` or `channels_first`; None for the default.
        file_format: such as `png`; None for what the file's name says.
        scale: see `array_to_img`.
        kwargs: passed on to Pillow's `Image.save`.
    """
    array_to_img(x, data_format=data_format, scale=scale).save(path, format=file_format, **kwargs)


def list_pictures(directory: str, ext: str = "jpg|jpeg|bmp|png|ppm") -> list[str]:
    """Return the paths of the images in a folder and below, in order.

    Args:
        directory: the folder.
        ext: the endings of image files, with `|` between them; a regular expression.
    """
    wanted = re.compile(rf"\w+\.(?:{ext})")
    return sorted(
        os.path.join(folder, name)
        for folder, _, names in os.walk(directory)
        for name in names
        if wanted.match(name)
    )
