from datetime import UTC, datetime
from pathlib import Path

import pytest

from studio.db.engine import Database
from tests.api.conftest import plain_logs, png, till
from tests.api.kit import ApiStack, make_stack
from tests.console.looking import browser, looker

__all__ = ["browser", "looker", "plain_logs", "png", "till"]


@pytest.fixture
def stack(sqlite_database: Database, tmp_path: Path) -> ApiStack:
    """As the API's, but that it begins now: a jar of cookies drops what has expired."""
    return make_stack(sqlite_database, tmp_path, start=datetime.now(UTC))
