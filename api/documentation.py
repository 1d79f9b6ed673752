"""The page /docs: Swagger UI from an installed package, so that it works without the internet."""

from importlib.resources import files

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def show_documentation() -> HTMLResponse:
    """Show every address of the API with its examples."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="kerasd: HTTP API",
        swagger_js_url="/docs/assets/swagger-ui-bundle.js",
        swagger_css_url="/docs/assets/swagger-ui.css",
        swagger_favicon_url="data:,",
    )


def install_documentation(app: FastAPI) -> None:
    """Add the page and the files it loads."""
    app.include_router(router)
    app.mount("/docs/assets", StaticFiles(directory=str(files("fastapi_offline") / "static")))
