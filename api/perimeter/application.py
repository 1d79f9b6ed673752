"""The application, whose every answer passes the perimeter on its way out."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from api.audit.middleware import AuditMiddleware
from api.perimeter.headers import SecurityHeadersMiddleware
from api.perimeter.request_ids import RequestIdMiddleware


class Application(FastAPI):
    """FastAPI with layers around all others, also around the one that answers unforeseen failures."""

    def build_middleware_stack(self) -> ASGIApp:
        audited = AuditMiddleware(
            super().build_middleware_stack(), self.state.authenticator, self.state.audit
        )
        return RequestIdMiddleware(SecurityHeadersMiddleware(audited))
