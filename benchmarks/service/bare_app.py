"""`python -m benchmarks.service.bare_app URL FOLDER`: the bare limit, FastAPI and SQLAlchemy with nothing in between.

What an expert writes who needs one table and no rules: a route that inserts rows, one that reads them since a
number, one that lists the newest jobs, one that streams a body to a file of the folder, and one that also hashes it
and waits until the disk has it. Prints its port.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from sqlalchemy import JSON, Float, Index, Integer, MetaData, String, Table, insert, select
from sqlalchemy.schema import Column

from benchmarks.service.traffic import find_free_port
from core.database import create_db_engine

TABLES = MetaData()
POINTS = Table(
    "bare_points",
    TABLES,
    Column("seq", Integer, primary_key=True),
    Column("job_id", String(40)),
    Column("epoch", Integer),
    Column("name", String(200)),
    Column("value", Float(53)),
    Index("ix_bare_points", "job_id", "seq"),
)
JOBS = Table(
    "bare_jobs",
    TABLES,
    Column("id", String(40), primary_key=True),
    Column("name", String(200)),
    Column("state", String(20)),
    Column("spec", JSON),
    Column("last_metrics", JSON),
    Column("epoch", Integer),
    Column("epochs", Integer),
)


class Epoch(BaseModel):
    """What a RemoteMonitor sends."""

    epoch: int
    loss: float


class Value(BaseModel):
    """One of a batch."""

    epoch: int
    name: str
    value: float


def create_app(url: str, folder: str) -> FastAPI:
    """Make the application; its tables are made where they are missing, its files in a folder."""
    app, db_engine = FastAPI(), create_db_engine(url)
    TABLES.create_all(db_engine)

    @app.post("/jobs/{job_id}/epoch")
    def add_epoch(job_id: str, point: Epoch) -> dict[str, int]:
        row = {"job_id": job_id, "epoch": point.epoch, "name": "loss", "value": point.loss}
        with db_engine.begin() as connection:
            connection.execute(insert(POINTS), row)
        return {"recorded": 1}

    @app.post("/jobs/{job_id}/values")
    def add_values(job_id: str, values: list[Value]) -> dict[str, int]:
        rows = [{"job_id": job_id, **value.model_dump()} for value in values]
        with db_engine.begin() as connection:
            connection.execute(insert(POINTS), rows)
        return {"recorded": len(rows)}

    @app.get("/jobs/{job_id}/points")
    def show_points(job_id: str, since: int = 0) -> Response:
        query = select(POINTS.c.seq, POINTS.c.epoch, POINTS.c.value)
        query = query.where(POINTS.c.job_id == job_id, POINTS.c.seq > since).order_by(POINTS.c.seq)
        with db_engine.connect() as connection:
            rows = connection.execute(query).all()
        seqs, epochs, values = zip(*rows) if rows else ((), (), ())
        return _answer({"seq": seqs, "epoch": epochs, "loss": values})

    @app.get("/jobs")
    def show_jobs(limit: int = 50) -> Response:
        with db_engine.connect() as connection:
            rows = connection.execute(select(JOBS).order_by(JOBS.c.id.desc()).limit(limit)).mappings()
            return _answer({"data": [dict(row) for row in rows]})

    @app.get("/jobs/{job_id}")
    def show_job(job_id: str) -> Response:
        with db_engine.connect() as connection:
            return _answer(dict(connection.execute(select(JOBS).where(JOBS.c.id == job_id)).mappings().one()))

    @app.post("/files")
    async def add_file(request: Request) -> dict[str, int]:
        with tempfile.TemporaryFile(dir=folder) as file:
            async for block in request.stream():
                file.write(block)
            return {"size": file.tell()}

    @app.post("/safe-files")
    async def add_safe_file(request: Request) -> dict[str, Any]:
        digest = hashlib.sha256()
        with tempfile.TemporaryFile(dir=folder) as file:
            async for block in request.stream():
                file.write(block)
                digest.update(block)
            file.flush()
            os.fsync(file.fileno())
            return {"size": file.tell(), "sha256": digest.hexdigest()}

    return app


def _answer(content: Any) -> Response:
    return Response(orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS), media_type="application/json")


if __name__ == "__main__":
    free_port = find_free_port()
    print(free_port, flush=True)
    uvicorn.run(
        create_app(*sys.argv[1:]),
        port=free_port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=65,
    )
