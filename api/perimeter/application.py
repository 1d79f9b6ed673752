"""The application, whose every answer passes the perimeter on its way out."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from api.audit.middleware import AuditMiddleware
from api.perimeter.headers import SecurityHeadersMiddleware
from api.perimeter.request_ids import RequestIdMiddleware
from api.perimeter.stopping import StoppingMiddleware


class Application(FastAPI):
    """FastAPI with layers around all others, also around the one that answers unforeseen failures."""

    def build_middleware_stack(self) -> ASGIApp:
        stopping = StoppingMiddleware(super().build_middleware_stack())
        audited = AuditMiddleware(stopping, self.state.authenticator, self.state.audit)
        return RequestIdMiddleware(SecurityHeadersMiddleware(audited))
