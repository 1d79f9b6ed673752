"""What each address needs: the only place where an address can ask for less or more than the rest.

A GET needs the scope read and everything else the scope submit, so that a new route is guarded before anybody
thinks of it.
"""

import re
from typing import Final

from core.access.scopes import Scope

_LOOKING: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_PUBLIC: Final = re.compile(r"/(healthz|readyz|openapi\.json|(docs|dashboard)(/.*)?)?")
"""Pages, which hold no data, and what a load balancer asks for; only to look at."""

_SESSION: Final = "/v1/session"
"""Where a browser brings its key and takes leave."""

_ADMIN: Final = re.compile(r"/v1/(keys|audit)(/.*)?")

_REPORTS: Final = re.compile(r"/v1/jobs/(?P<job_id>[^/]+)/(metrics|publish/epoch/end/|finish)")
"""What the token of a job may POST to, besides keys of the scope submit."""


def is_public(method: str, path: str) -> bool:
    """Whether nobody is asked who they are."""
    if path == _SESSION:
        return method in {"POST", "DELETE"}
    return method in _LOOKING and _PUBLIC.fullmatch(path) is not None


def find_needed_scope(method: str, path: str) -> Scope:
    """The scope that a key needs here."""
    if _ADMIN.fullmatch(path):
        return Scope.ADMIN
    return Scope.READ if method in _LOOKING else Scope.SUBMIT


def may_report(job_id: str, method: str, path: str) -> bool:
    """Whether the token of a job is good for this."""
    found = _REPORTS.fullmatch(path)
    return method == "POST" and found is not None and found["job_id"] == job_id
