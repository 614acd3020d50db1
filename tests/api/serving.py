"""A gateway under test on a real port of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.app import create_app
from tests.api.kit import ApiStack
from tests.kit.serving import ObservableServer, serving_app


@asynccontextmanager
async def serving(stack: ApiStack) -> AsyncIterator[ObservableServer]:
    """A gateway on a port of its own; every request has ended when the block is left."""
    async with serving_app(create_app(stack.dependencies)) as server:
        yield server
