"""The baseline of the polls: a FastAPI route that authenticates the key and reads one row."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header
from sqlalchemy import select

from runtime.settings import Settings, load_settings
from studio.accounts.service import authenticate
from studio.db.engine import open_database
from studio.renders.tables import RenderRow


def plain_app(settings: Settings) -> FastAPI:
    """Nothing but what any implementation must do for a poll."""
    app = FastAPI()
    database = open_database(settings.database_url)
    peppers = settings.key_peppers()

    @app.get("/api/agent/renders/{project_id}")
    def status(project_id: str, x_fvs_agent_key: Annotated[str, Header()]) -> dict[str, object]:
        with database.reading() as session:
            principal = authenticate(
                session, secret=x_fvs_agent_key, peppers=peppers, now=datetime.now(UTC)
            )
            query = select(RenderRow.snapshot).where(
                RenderRow.project_id == project_id,
                RenderRow.account_id == principal.account_id,
            )
            return dict(session.scalars(query).one())

    return app


if __name__ == "__main__":
    uvicorn.run(
        plain_app(load_settings()),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
    )
