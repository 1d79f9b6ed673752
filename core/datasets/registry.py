"""All dataset formats by name, and which of them a file is."""

from pathlib import Path

from core.datasets.errors import DatasetError
from core.datasets.formats.base import DatasetFormat
from core.datasets.formats.csv import CsvFormat
from core.datasets.formats.hdf5 import Hdf5Format
from core.datasets.formats.images import ImagesFormat
from core.datasets.formats.npy import NpyFormat
from core.datasets.formats.npz import NpzFormat
from core.datasets.formats.parquet import ParquetFormat

HEAD_BYTES = 4096

# In the order they are tried: npz before images, both being zips, and CSV last, for it has no signature.
_FORMATS: tuple[DatasetFormat, ...] = (
    NpyFormat(), Hdf5Format(), ParquetFormat(), NpzFormat(), ImagesFormat(), CsvFormat(),
)  # fmt: skip
FORMATS: dict[str, DatasetFormat] = {each.name: each for each in _FORMATS}


def get_format(name: str) -> DatasetFormat:
    """The format called `name`.

    Raises:
        DatasetError: no such format.
    """
    if name not in FORMATS:
        raise DatasetError(f"there is no dataset format {name!r}; known are {', '.join(FORMATS)}", "/format")
    return FORMATS[name]


def detect_format(path: Path) -> DatasetFormat:
    """The format that the file's first bytes tell.

    Raises:
        DatasetError: empty, or none of the known formats.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise DatasetError("the dataset file is empty")
    for each in _FORMATS:
        if each.matches(path, head):
            return each
    raise DatasetError(f"the file is of none of the known formats: {', '.join(FORMATS)}")
