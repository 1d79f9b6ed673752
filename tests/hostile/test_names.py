"""Names that are paths, lines, or look like others; and what leaves in tables."""

import csv
import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.layers import Dense
from engine.models import Sequential
from tests.api_process import ApiProcess
from tests.hostile.definitions import layer, sequential

NAMES = [
    "../canary", "..", ".", ".hidden", "/etc/passwd", "a/b", "a\\b", "C:canary", "a\x00b", "a\nb", "a\r\nX: y", "a b",
    "\u202eevil", "\u0430", "\uff41", "a\u200b", "\ud7ff\uffff", "\U0001f4a9", "=1+1", "@a", "%2e%2e",
    "$(touch canary)", "`id`", "a" * 300,
    "<script>", "{{7*7}}", "%s%n", "",
]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in NAMES if name], ids=ascii)
def test_names_of_layers(name: str, refuse: Any) -> None:
    problem = refuse("/v1/models", json=sequential(layer("Dense", units=2, name=name)))
    assert problem["pointer"] == "/config/0/config/name"


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("kind", ["models", "datasets"])
def test_names_of_objects(kind: str, name: str, refuse: Any) -> None:
    refuse(f"/v1/{kind}", params={"name": name}, content=b"a,b\n1,2\n")


@pytest.mark.parametrize(
    "name",
    [
        "a/../../b", "%2e%2e%2fkerasd.db", "..%5ckerasd.db", "%00", "../kerasd.db", ".",
        "a%0d%0aSet-Cookie:%20b=c", "a%22;filename=%22b", "%e2%80%aeh5.ledom", "model.h5%0a",
    ],
)  # fmt: skip
def test_addresses_lead_to_no_file(name: str, api: httpx.Client, server: ApiProcess) -> None:
    """MLflow's CVE-2025-11201 and CVE-2026-2614."""
    job = api.post("/v1/jobs", json={"external": True, "epochs": 1}).json()["id"]
    for path in (f"/v1/jobs/{job}/artifacts/{name}", f"/v1/models/{name}", f"/static/{name}", f"/{name}"):
        answer = httpx.request("GET", server.url + path)
        assert b"SQLite" not in answer.content
        assert answer.headers.keys().isdisjoint({"set-cookie", "content-disposition"})
        assert answer.status_code in (200, 307, 404), path
        if answer.status_code == 200:  # "." and "..": another address, which has an answer of its own
            assert answer.headers["content-type"].startswith(("text/html", "application/json"))


CELLS = ["=1+1", "+1", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://a")', "a\nb,c", '"', "a,b"]


@pytest.mark.parametrize("name", CELLS, ids=ascii)
def test_metrics_leave_as_cells_that_compute_nothing(name: str, api: httpx.Client) -> None:
    job = api.post("/v1/jobs", json={"external": True, "epochs": 1}).json()["id"]
    data = json.dumps({"epoch": 0, name: 1.0, "loss": 0.5})
    answer = api.post(f"/v1/jobs/{job}/publish/epoch/end/", data={"data": data})
    assert answer.status_code < 500
    table = api.get(f"/v1/jobs/{job}/metrics", params={"format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    (header, *_) = csv.reader(io.StringIO(table.text))
    assert not [cell for cell in header if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("name", ["../canary", "a/../../canary"])
def test_names_write_no_files_in_the_engine(name: str, tmp_path: Path) -> None:
    """CVE-2026-12479: a layer's name is a place inside the file and never one outside."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    model = Sequential([Dense(2, input_shape=(3,), name=name)])
    for file in ("model.h5", "model.keras"):
        with suppress(ValueError):
            model.save(folder / file)
    assert {path.name for path in tmp_path.rglob("*")} <= {"a", "b", "model.h5", "model.keras"}
