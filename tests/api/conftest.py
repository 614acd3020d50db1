import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from PIL import Image

from studio.db.engine import Database
from tests.api.kit import ApiStack, make_stack
from tests.api.quote_kit import Till, open_till


@pytest.fixture
def stack(sqlite_database: Database, tmp_path: Path) -> ApiStack:
    """A gateway's surroundings on SQLite, of this test's own."""
    return make_stack(sqlite_database, tmp_path)


@pytest.fixture
def till(stack: ApiStack) -> Till:
    """Has the stack take payments, and settles them as the test says."""
    return open_till(stack)


@pytest.fixture(scope="session")
def png() -> bytes:
    """A small picture that every decoder takes."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (40, 90, 160)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Log lines of their own format: the default's pretty tracebacks take seconds."""
    structlog.configure(processors=[structlog.processors.JSONRenderer()])
    yield
    structlog.reset_defaults()
