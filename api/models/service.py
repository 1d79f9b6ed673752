"""Rules about models: what cannot be built is not kept."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.deps import ProjectDatabase
from api.errors import Fault, ProblemError, invalid
from api.idempotency import IdempotentRequest, hash_request
from api.models.isolation import CheckedModel, check_definition, check_weights
from api.models.repository import is_model_used, lock_model
from api.models.schemas import view_model
from api.models.weights import check_declared_bytes, check_file, read_file_definition
from api.names import make_name
from api.objects import discard_unreferenced, keep_object
from api.responses import JsonResponse
from api.uploads import Upload
from core.identifiers import new_id
from core.settings import Settings
from core.storage import ObjectStore
from core.tables import Model


def make_model(
    project_id: str, checked: CheckedModel, name: str | None, weights_sha256: str | None = None
) -> Model:
    """A row for a model that was checked."""
    return Model(
        id=new_id("mdl"),
        project_id=project_id,
        name=name or make_name(checked.name, "model"),
        class_name=checked.class_name,
        keras_version=checked.keras_version,
        backend=checked.backend,
        definition=checked.definition,
        definition_sha256=hashlib.sha256(checked.definition.encode()).hexdigest(),
        weights_sha256=weights_sha256,
        summary=checked.summary,
    )


def create_model(
    database: ProjectDatabase,
    store: ObjectStore,
    settings: Settings,
    upload: Upload,
    name: str | None,
    idempotent: IdempotentRequest,
) -> Response:
    """Check a definition, or an HDF5 file with weights, and keep it.

    Raises: ProblemError (422): it cannot be built; nothing is kept.
    """
    digest = hash_request(upload.sha256, name, upload.fields)
    with database.read() as session:
        kept = idempotent.find_answer(session, digest)
    if kept is not None:
        return kept
    checked, has_weights = _check(upload, settings)
    row = make_model(database.project_id, checked, name, upload.sha256 if has_weights else None)
    row.weights_bytes = upload.size_bytes if has_weights else None
    with _open(database, store, settings, upload, has_weights) as session:
        if (kept := idempotent.reserve(session, digest)) is not None:
            return kept
        session.add(row)
        session.flush()
        response = JsonResponse(view_model(row), 201, {"Location": f"/v1/models/{row.id}"})
        idempotent.keep_answer(session, response)
    return response


def _check(upload: Upload, settings: Settings) -> tuple[CheckedModel, bool]:
    """Returns: the model, and whether the upload holds weights."""
    if not _is_hdf5(upload.path):
        return check_definition(_read_text(upload, settings), settings), False
    declared_bytes = check_file(upload.path, settings)
    text = upload.fields.get("definition") or read_file_definition(upload.path)
    if text is None:
        detail = (
            "the HDF5 file has weights and no model_config; send the definition too, as the field "
            "'definition' of a multipart form, or a file made by model.save()"
        )
        raise invalid([Fault(pointer="/definition", detail=detail)])
    checked = check_definition(text, settings, "/definition" if "definition" in upload.fields else "")
    check_declared_bytes(declared_bytes, checked.summary["parameters"]["total"])
    check_weights(checked.definition, upload.path, settings)
    return checked, True


def _is_hdf5(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def _read_text(upload: Upload, settings: Settings) -> str:
    if upload.size_bytes > settings.max_definition_bytes:
        detail = f"a definition has at most {settings.max_definition_bytes} bytes, found {upload.size_bytes}"
        raise ProblemError(413, detail, name="body-too-large")
    try:
        text = upload.path.read_bytes().decode()
    except UnicodeDecodeError as exc:
        detail = f"the body is neither an HDF5 file nor UTF-8 text: {exc.reason} at byte {exc.start}"
        raise ProblemError(400, detail, name="invalid-model", pointer="") from exc
    if not text.strip():
        raise invalid([Fault(pointer="", detail="the body is empty; send what model.to_json() returns")])
    return _unquote(text)


def _unquote(text: str) -> str:
    """Undo a second encoding: `json=model.to_json()` sends the JSON text as a JSON string."""
    if not text.lstrip().startswith('"'):
        return text
    try:
        return str(orjson.loads(text))
    except orjson.JSONDecodeError:
        return text


@contextmanager
def _open(
    database: ProjectDatabase, store: ObjectStore, settings: Settings, upload: Upload, has_weights: bool
) -> Iterator[Session]:
    if has_weights:
        with keep_object(database, store, upload.path, upload.sha256, settings.max_stored_bytes) as session:
            yield session
    else:
        with database.write() as session:
            yield session


def delete_model(database: ProjectDatabase, store: ObjectStore, model_id: str) -> None:
    """Delete a model that no job uses.

    Raises: ProblemError (409): a job uses it.
    """
    with database.write() as session:
        model = lock_model(session, database.project_id, model_id)
        if is_model_used(session, model_id):
            raise ProblemError(409, f"Jobs use the model {model_id}, so it stays.", name="model-in-use")
        session.delete(model)
    if model.weights_sha256 is not None:
        discard_unreferenced(database, store, model.weights_sha256)
