"""The baseline of the console: what any page and any poll must do, and nothing else.

    python -m bench.plain_console PORT PAGE_FILE COOKIE

The page looks up who is signed in, by the product's own read, and answers the bytes of the
product's page; the poll is that of `bench.plain_status`.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

from bench.plain_status import plain_app
from gateway.console.names import RENDERS
from runtime.settings import Settings, load_settings
from studio.accounts.service import get_account
from studio.db.engine import open_database
from studio.identity.service import read_session


def plain_console(settings: Settings, page: bytes, cookie: str) -> FastAPI:
    """`cookie` is the name of the one that has the session's token."""
    app = plain_app(settings)
    database = open_database(settings.database_url)

    @app.get(RENDERS)
    def renders(request: Request) -> Response:
        with database.reading() as session:
            token = request.cookies[cookie]
            signed_in = read_session(session, token=token, now=datetime.now(UTC))
            get_account(session, account_id=signed_in.account_id)
        return Response(page, media_type="text/html")

    return app


if __name__ == "__main__":
    uvicorn.run(
        plain_console(load_settings(), Path(sys.argv[2]).read_bytes(), sys.argv[3]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
    )
