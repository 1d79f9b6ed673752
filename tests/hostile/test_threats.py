"""What no other file of this folder tries: files of PyTorch, and every place where a URL or a path could be named.

`docs/security.md` has the table of threats, with the test that shows each refusal.
"""

import ast
import copy
import io
import os
import pickle
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.hostile.conftest import Traps
from tests.hostile.definitions import DENSE, keras_3, layer, sequential

ROOT: Final = Path(__file__).resolve().parents[2]
SERVICE: Final = ("api", "client", "core", "worker")
CODE_LOADERS: Final = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
# Of the user's own program, and never of a request: what crosses to processes of a Sequence, and Keras's data
# sets, whose pickles are read by an unpickler that knows arrays alone.
ENGINE_EXCEPTIONS: Final = {"engine/training/worker_processes.py", "engine/datasets/files.py"}


class Reduced:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def pickled(traps: Traps) -> bytes:
    return pickle.dumps(Reduced(traps.command), protocol=2)


def torch_file(traps: Traps) -> bytes:
    """As `torch.save` writes it: CVE-2025-32434 and CVE-2026-24747 need a loader that reads it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(traps))
        archive.writestr("archive/version", "3\n")
    return file.getvalue()


FILES: Final[dict[str, Callable[[Traps], bytes]]] = {"a pickle": pickled, "a file of PyTorch": torch_file}


@pytest.mark.parametrize("place", ["/v1/models", "/v1/datasets"])
@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_pickles_and_files_of_pytorch_are_refused(
    make: Callable[[Traps], bytes], place: str, traps: Traps, api: httpx.Client, refuse: Any
) -> None:
    body = make(traps)
    status = api.post(place, content=body).status_code
    assert status in (400, 422)
    refuse(place, status, content=body)


def find_loaders(path: Path) -> Iterator[str]:
    """What of a module could run code that it reads."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in CODE_LOADERS)
        elif isinstance(node, ast.ImportFrom) and node.module in CODE_LOADERS:
            yield node.module or ""
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {"torch.load", "yaml.unsafe_load", "yaml.full_load", "exec", "__import__"}:
                yield called
            if called == "yaml.load" and "Plain" not in ast.unparse(node):
                yield called
            yield from (f"{called}({word.arg})" for word in node.keywords if runs_code(word))


def runs_code(word: ast.keyword) -> bool:
    is_true = isinstance(word.value, ast.Constant) and word.value.value is True
    return word.arg in {"allow_pickle", "shell"} and is_true


def test_nothing_in_the_service_could_load_code() -> None:
    for folder in SERVICE:
        for path in (ROOT / folder).rglob("*.py"):
            assert list(find_loaders(path)) == [], path
    engine = [path for path in (ROOT / "engine").rglob("*.py") if list(find_loaders(path))]
    assert {path.relative_to(ROOT).as_posix() for path in engine} == ENGINE_EXCEPTIONS


CALLBACKS: Final = {
    "RemoteMonitor": lambda traps: {"root": traps.url},
    "TensorBoard": lambda traps: {"log_dir": str(traps.canary)},
    "CSVLogger": lambda traps: {"filename": str(traps.canary)},
    "LambdaCallback": lambda traps: {"on_epoch_end": traps.command},
    "BackupAndRestore": lambda traps: {"backup_dir": str(traps.canary)},
    "Callback": lambda traps: {},
}
SETTINGS: Final = {
    "ModelCheckpoint": lambda traps: {"filepath": str(traps.canary)},
    "EarlyStopping": lambda traps: {"root": traps.url},
    "LearningRateScheduler": lambda traps: {"schedule": traps.url},
}
FIELDS: Final[dict[str, tuple[Callable[[Traps], dict[str, Any]], str]]] = {
    **{
        f"callback {name}": (
            lambda traps, name=name, config=config: {"callbacks": [{"class_name": name, "config": config(traps)}]},
            "/callbacks/0/class_name",
        )
        for name, config in CALLBACKS.items()
    },
    **{
        f"setting of {name}": (
            lambda traps, name=name, config=config: {"callbacks": [{"class_name": name, "config": config(traps)}]},
            "/callbacks/0/config",
        )
        for name, config in SETTINGS.items()
    },
    "data set by URL": (lambda traps: {"dataset": traps.url}, "/dataset"),
    "data set by path": (lambda traps: {"dataset": f"file://{traps.secret}"}, "/dataset"),
    "data set by source": (lambda traps: {"dataset": {"source": traps.url}}, "/dataset"),
    "model by URL": (lambda traps: {"model": traps.url}, "/model"),
    "model by path": (lambda traps: {"model": str(traps.secret)}, "/model"),
    "columns of a file": (lambda traps: {"data": {"x": f"{traps.secret}:x", "y": "y"}}, "/data"),
    "a webhook": (lambda traps: {"webhook": traps.url}, "/webhook"),
    "an argument of fit": (lambda traps: {"fit": {"epochs": 1, "root": traps.url}}, "/fit"),
    "an initial model": (lambda traps: {"weights": traps.url}, "/weights"),
    "vocabulary of a model": (
        lambda traps: {"model": keras_3(layer("StringLookup", vocabulary=traps.url))}, "/model"),
    "a data set's name": (lambda traps: {"dataset": "../../../etc/passwd"}, "/dataset"),
}  # fmt: skip


@pytest.fixture(scope="module")
def sound(api: httpx.Client) -> dict[str, Any]:
    """A request that could be trained."""
    rows = b"a,b,c,d,y\n" + b"1,2,3,4,0\n" * 8
    return {
        "model": sequential(copy.deepcopy(DENSE)),
        "dataset": api.post("/v1/datasets", content=rows).json()["id"],
        "compile": {"loss": "mse", "optimizer": "sgd"},
    }


@pytest.fixture(scope="module")
def job_id(api: httpx.Client, sound: dict[str, Any]) -> str:
    """A job to clone."""
    data = {"x": ["a", "b", "c", "d"], "y": "y"}
    model = sequential({"class_name": "Dense", "config": {"name": "dense", "units": 1}})
    answer = api.post("/v1/jobs", json={**sound, "model": model, "data": data})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize("how", ["new", "clone"])
@pytest.mark.parametrize(("field", "pointer"), FIELDS.values(), ids=FIELDS)
def test_no_request_names_an_address_or_a_path(
    field: Callable[[Traps], dict[str, Any]],
    pointer: str,
    how: str,
    traps: Traps,
    sound: dict[str, Any],
    job_id: str,
    refuse: Any,
) -> None:
    """`traps` sees to it that nobody called and no file was written."""
    path, body = (
        ("/v1/jobs", {**sound, **field(traps)})
        if how == "new"
        else (f"/v1/jobs/{job_id}/clone", field(traps))
    )
    problem = refuse(path, json=body)
    pointers = [problem.get("pointer"), *(fault.get("pointer") for fault in problem.get("errors", []))]
    assert any(found is not None and found.startswith(pointer) for found in pointers), problem
    assert "secret words" not in str(problem)


@pytest.mark.parametrize("body", [b"%s", b'{"url": "%s"}', b'{"source": "%s"}', b"source\n%s\n"])
def test_an_uploaded_address_is_data_that_nobody_follows(
    body: bytes, traps: Traps, api: httpx.Client
) -> None:
    for address in (traps.url, f"file://{traps.secret}"):
        answer = api.post("/v1/datasets", content=body % address.encode(), params={"source": address})
        assert "secret words" not in answer.text
        answer = api.post(
            "/v1/datasets", files={"file": ("a.csv", body % address.encode())}, data={"url": address}
        )
        assert "secret words" not in answer.text


ADDRESSES: Final = re.compile(
    r"ur[il]|webhook|callback_?ur|path|folder|directory|endpoint|host(?!name)", re.IGNORECASE
)


def test_no_field_of_a_request_is_an_address_or_a_path(api: httpx.Client) -> None:
    """A new field that is one needs rules against loopback, link-local, private and redirected targets first."""
    document = api.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    waiting, seen = [], set()
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                assert parameter["in"] == "path" or not ADDRESSES.search(parameter["name"]), parameter
            waiting += [
                content["schema"] for content in operation.get("requestBody", {}).get("content", {}).values()
            ]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            name = str(value.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                waiting.append(schemas[name])
            for field in value.get("properties", {}):
                assert not ADDRESSES.search(field), field
            assert value.get("format") not in {"uri", "url", "path", "file-path", "directory-path"}
            waiting += [
                inner for key, inner in value.items() if key not in {"example", "examples", "default"}
            ]
    assert "JobRequest" in seen
