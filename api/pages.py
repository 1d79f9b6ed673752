"""The dashboard's files and the address `/` that leads to them."""

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)

_DASHBOARD = Path(__file__).resolve().parent.parent / "dashboard"


@router.get("/")
def show_start() -> RedirectResponse:
    """Lead to the dashboard."""
    return RedirectResponse("/dashboard/")


@router.get("/dashboard/plotly.min.js")
def show_plotly() -> FileResponse:
    """The chart library as its Python package brings it, so that the dashboard works without the internet."""
    return FileResponse(
        _find_plotly(), media_type="text/javascript", headers={"Cache-Control": "max-age=86400"}
    )


def _find_plotly() -> Path:
    # Found without importing the package, which would take half a second and much memory.
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The package plotly is not installed.")
    return Path(spec.submodule_search_locations[0], "package_data", "plotly.min.js")


def install_pages(app: FastAPI) -> None:
    """Add the dashboard."""
    app.router.routes += router.routes
    app.mount("/dashboard", StaticFiles(directory=_DASHBOARD, html=True, check_dir=False))
