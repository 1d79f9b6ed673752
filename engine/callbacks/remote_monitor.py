"""Metrics sent to a server."""

from __future__ import annotations

import http.client
import json
import urllib.parse
import urllib.request
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.callbacks.base import Callback, Logs

_TIMEOUT_SECONDS = 10.0


class RemoteMonitor(Callback):
    """Posts the metrics of each epoch to a server. A server that can't be reached is warned of and no more.

    Args:
        root: the server's address.
        path: path to post to.
        field: the form's field that has the metrics as JSON text.
        headers: further HTTP headers.
        send_as_json: whether the metrics are the body itself, as `application/json`, in place of a form.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Mapping[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch."""
        values = {name: _to_plain(value) for name, value in (logs or {}).items()}
        self.send({"epoch": epoch, **values})

    def send(self, data: dict[str, Any]) -> None:
        """Post one epoch's metrics."""
        text = json.dumps(data)
        if self.send_as_json:
            body, kind = text, "application/json"
        else:
            body, kind = urllib.parse.urlencode({self.field: text}), "application/x-www-form-urlencoded"
        request = urllib.request.Request(
            self.root + self.path,
            data=body.encode(),
            headers={"Content-Type": kind, **(self.headers or {})},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):
                pass
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            warnings.warn(f"Could not reach RemoteMonitor root server at {self.root}: {reason}", stacklevel=3)


def _to_plain(value: Any) -> Any:
    """Return NumPy values as Python's own."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
