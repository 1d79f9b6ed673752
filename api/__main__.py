"""`python -m api`: serve the API with the settings of the environment."""

import logging

import uvicorn

from api.app import create_app
from core.settings import get_settings

_GRACE_SECONDS = 3


def main() -> None:
    """Serve until a signal ends the process; streams that are open get a few seconds."""
    settings = get_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level.lower(),
        access_log=settings.log_level == "DEBUG",
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=65,
        server_header=False,
    )


if __name__ == "__main__":
    main()
