"""A small internet on loopback, and who is believed in it."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit.tls_host import Authority, Internet, open_internet


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def trust(authority: Authority) -> ssl.SSLContext:
    return authority.trust()


@pytest.fixture
async def internet(authority: Authority, tmp_path: Path) -> AsyncIterator[Internet]:
    async with open_internet(authority.server_context(tmp_path)) as opened:
        yield opened
