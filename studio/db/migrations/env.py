"""Run by Alembic for `studio.db.migrate`, which passes the connection and owns its transaction."""

from alembic import context
from sqlalchemy import Connection


def _run(connection: Connection) -> None:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
