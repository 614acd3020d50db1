import pytest

from tests.kit.commands import Fvs, commands_of


@pytest.fixture
def fvs(sqlite_url: str) -> Fvs:
    """The administration commands on a database of this test's own."""
    return commands_of(sqlite_url)
