"""A small internet on loopback, and who is believed in it."""

import ssl
from collections.abc import AsyncIterator

import pytest

from tests.kit.tls_host import Authority, Internet, open_internet


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def trust(authority: Authority) -> ssl.SSLContext:
    return authority.trust()


@pytest.fixture
async def internet(authority: Authority) -> AsyncIterator[Internet]:
    async with open_internet(authority.server_context()) as opened:
        yield opened
