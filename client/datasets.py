"""Datasets of the service."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from client.files import Progress, make_name, read_blocks
from client.paging import fetch_page, iterate_pages
from client.records import Dataset, Page, Preview
from client.transport import Transport


class Datasets:
    """The datasets a service keeps; reached as `client.datasets`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(
        self,
        path: Path | str,
        *,
        name: str | None = None,
        format: str | None = None,
        progress: Progress | None = None,
        idempotency_key: str | None = None,
    ) -> Dataset:
        """Upload a dataset, streamed: the file is never held in memory.

        Args:
            path: .npz, .npy, HDF5, CSV, Parquet, or a zip of folders of images, one folder a class.
            name: letters, digits, `_`, `.`, `-`; default: the file's own.
            format: npz, npy, hdf5, csv, parquet or images; default: told from the bytes.
            progress: called with bytes sent and bytes in all.
        Returns: the dataset with its columns.
        Raises: KerasdError: the file cannot be read; `detail` names the row and the column.
        """
        path = Path(path)
        answer = self._transport.create(
            "/v1/datasets",
            params={"name": name or make_name(path), "format": format},
            idempotency_key=idempotency_key,
            timeout=self._transport.upload_timeout,
            body=partial(read_blocks, path, progress),
            headers={"Content-Type": "application/octet-stream", "Content-Length": str(path.stat().st_size)},
        )
        return Dataset.model_validate_json(answer.content)

    def get(self, dataset_id: str) -> Dataset:
        """Get a dataset with its columns."""
        return Dataset.model_validate_json(
            self._transport.request("GET", f"/v1/datasets/{dataset_id}").content
        )

    def list(self, *, limit: int = 50, after: str | None = None) -> Page[Dataset]:
        """Get one page of datasets, newest first."""
        return fetch_page(self._transport, "/v1/datasets", Dataset, {"limit": limit, "after": after})

    def iterate(self) -> Iterator[Dataset]:
        """Go through all datasets, newest first."""
        return iterate_pages(self._transport, "/v1/datasets", Dataset, {})

    def preview(self, dataset_id: str, *, rows: int = 5) -> Preview:
        """Get the first rows."""
        answer = self._transport.request("GET", f"/v1/datasets/{dataset_id}/preview", params={"rows": rows})
        return Preview.model_validate_json(answer.content)

    def delete(self, dataset_id: str) -> None:
        """Delete a dataset that no job uses."""
        self._transport.request("DELETE", f"/v1/datasets/{dataset_id}")
