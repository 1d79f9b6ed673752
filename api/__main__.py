"""`python -m api`: serve the API with the settings of the environment."""

import sys

import uvicorn

from api.app import create_app
from api.perimeter.connection import BoundedConnection
from api.perimeter.request_ids import RequestIdFilter
from core.access.exposure import ExposureError, check_exposure
from core.database import create_db_engine
from core.logs import configure_logging
from core.settings import get_settings

_GRACE_SECONDS = 3


def main() -> int:
    """Serve until a signal ends the process; streams that are open get a few seconds. Returns the exit status."""
    settings = get_settings()
    configure_logging(settings.log_level, fields=" [%(request_id)s]", filters=[RequestIdFilter()])
    db_engine = create_db_engine(settings.database_url)
    try:
        check_exposure(settings, db_engine)
    except ExposureError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        db_engine.dispose()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        http=BoundedConnection,
        ws="none",
        log_config=None,
        access_log=settings.log_level == "DEBUG",
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=65,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
