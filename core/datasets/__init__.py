"""Dataset files: description, preview, and the choice of columns for a training run."""

from core.datasets.description import Column as Column
from core.datasets.description import DatasetDescription as DatasetDescription
from core.datasets.errors import DatasetError as DatasetError
from core.datasets.isolation import inspect_file as inspect_file
from core.datasets.isolation import preview as preview
from core.datasets.limits import Limits as Limits
from core.datasets.mapping import select as select
from core.datasets.selection import Selection as Selection
