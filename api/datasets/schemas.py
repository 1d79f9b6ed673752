"""What the API says about a dataset."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.tables import Dataset

EXAMPLE_DATASET: dict[str, Any] = {
    "id": "dst_01JD5K8A3P7R1N6C9WQ2V5X0HT",
    "name": "digits",
    "format": "npz",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size_bytes": 934000,
    "rows": 1797,
    "columns": [
        {
            "name": "x",
            "shape": [8, 8, 1],
            "dtype": "float32",
            "rows": 1797,
            "classes": None,
            "minimum": 0.0,
            "maximum": 1.0,
        },
        {
            "name": "y",
            "shape": [],
            "dtype": "int64",
            "rows": 1797,
            "classes": {"0": 898, "1": 899},
            "minimum": 0.0,
            "maximum": 1.0,
        },
    ],
    "created_at": "2026-01-15T12:00:00Z",
}


class ColumnView(BaseModel):
    """A column of a dataset."""

    name: str
    shape: list[int] = Field(description="Of one row; [] is one value a row.")
    dtype: str = Field(
        description="numpy's name, or `string` for text, which trains as the place among its labels."
    )
    rows: int
    classes: dict[str, int] | None = Field(description="Rows of each value, where there are few.")
    minimum: float | None
    maximum: float | None


class DatasetView(BaseModel):
    """A dataset the service keeps."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE_DATASET})

    id: str
    name: str
    format: str
    sha256: str
    size_bytes: int
    rows: int
    columns: list[ColumnView]
    created_at: datetime


class PreviewView(BaseModel):
    """The first rows of a dataset."""

    id: str
    rows: int
    columns: dict[str, list[Any]] = Field(description="Of each column its first rows.")


def view_dataset(dataset: Dataset) -> dict[str, Any]:
    """The dataset as the API shows it."""
    return {
        "id": dataset.id,
        "name": dataset.name,
        "format": dataset.format,
        "sha256": dataset.sha256,
        "size_bytes": dataset.size_bytes,
        "rows": dataset.rows,
        "columns": dataset.columns,
        "created_at": dataset.created_at,
    }
