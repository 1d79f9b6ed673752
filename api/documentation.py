"""The page /docs: Swagger UI from an installed package, so that it works without the internet."""

from importlib.resources import files
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)

# FastAPI's own page holds its script inline, which the service's Content-Security-Policy forbids.
_PAGE: Final = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>kerasd: HTTP API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/assets/swagger-ui.css">
    <script src="/docs/assets/swagger-ui-bundle.js" defer></script>
    <script src="/docs/start.js" defer></script>
  </head>
  <body>
    <div id="swagger-ui"></div>
  </body>
</html>
"""
_SCRIPT: Final = """\
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""


@router.get("/docs")
def show_documentation() -> HTMLResponse:
    """Show every address of the API with its examples."""
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
def show_script() -> Response:
    """Start Swagger UI."""
    return Response(_SCRIPT, media_type="text/javascript")


def install_documentation(app: FastAPI) -> None:
    """Add the page and the files it loads."""
    app.router.routes += router.routes
    app.mount("/docs/assets", StaticFiles(directory=str(files("fastapi_offline") / "static")))
