"""Models of the service."""

import json
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Final

from client.files import Progress, make_name, read_blocks
from client.paging import fetch_page, iterate_pages
from client.records import Model, Page
from client.transport import Transport

_MEDIA_TYPES: Final = {
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".h5": "application/octet-stream",
    ".hdf5": "application/octet-stream",
}


class Models:
    """The models a service knows; reached as `client.models`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        definition: str | Mapping[str, Any] | Path,
        *,
        name: str | None = None,
        weights: Path | None = None,
        progress: Progress | None = None,
        idempotency_key: str | None = None,
    ) -> Model:
        """Send a model.

        Args:
            definition: what `model.to_json()` returns, as text or as an object; or a file: .json, .yaml,
                or .h5 as `model.save()` writes it.
            name: letters, digits, `_`, `.`, `-`; default: the file's or the model's own name.
            weights: a file of `model.save_weights()` for a definition given as text, object or .json.
            progress: called with bytes sent and bytes in all, for files.
        Returns: the model with its layers, shapes, parameters and memory estimate.
        Raises: KerasdError: the definition is not sound; `pointer` names the layer.
        """
        if isinstance(definition, Path) and weights is None:
            options = _stream_file(definition, progress)
        elif weights is None:
            text = _read_definition(definition)
            options = {"body": text.encode(), "headers": {"Content-Type": "application/json"}}
        else:
            options = {"data": {"definition": _read_definition(definition)}}
        if isinstance(definition, Path):
            name = name or make_name(definition)
        with nullcontext() if weights is None else weights.open("rb") as file:
            if file is not None:
                options["files"] = {"file": ("weights.h5", file, "application/octet-stream")}
            answer = self._transport.create(
                "/v1/models",
                params={"name": name},
                idempotency_key=idempotency_key,
                timeout=self._transport.upload_timeout,
                **options,
            )
        return Model.model_validate_json(answer.content)

    def get(self, model_id: str) -> Model:
        """Get a model."""
        return Model.model_validate_json(self._transport.request("GET", f"/v1/models/{model_id}").content)

    def list(self, *, limit: int = 50, after: str | None = None) -> Page[Model]:
        """Get one page of models, newest first."""
        return fetch_page(self._transport, "/v1/models", Model, {"limit": limit, "after": after})

    def iterate(self) -> Iterator[Model]:
        """Go through all models, newest first."""
        return iterate_pages(self._transport, "/v1/models", Model, {})

    def definition(self, model_id: str) -> str:
        """Get the definition as Keras 2 JSON text; Keras's `model_from_json` takes it."""
        return self._transport.request("GET", f"/v1/models/{model_id}/definition").text

    def delete(self, model_id: str) -> None:
        """Delete a model that no job uses."""
        self._transport.request("DELETE", f"/v1/models/{model_id}")


def _read_definition(definition: str | Mapping[str, Any] | Path) -> str:
    if isinstance(definition, Path):
        return definition.read_text("utf-8")
    return definition if isinstance(definition, str) else json.dumps(definition)


def _stream_file(path: Path, progress: Progress | None) -> dict[str, Any]:
    media_type = _MEDIA_TYPES.get(path.suffix.lower())
    if media_type is None:
        raise ValueError(f"A model is a file ending in {', '.join(_MEDIA_TYPES)}. Received: {path}")
    size_bytes = path.stat().st_size
    return {
        "body": partial(read_blocks, path, progress),
        "headers": {"Content-Type": media_type, "Content-Length": str(size_bytes)},
    }
