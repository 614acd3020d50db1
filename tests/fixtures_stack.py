"""A deployment of real processes for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.temporal_server import RunningTemporal
from tests.kit.client import Agent
from tests.kit.stack import Stack


@pytest.fixture
def stack(tmp_path: Path, temporal_server: RunningTemporal) -> Iterator[Stack]:
    deployment = Stack(tmp_path / "stack", temporal_server.address)
    yield deployment
    deployment.stop()


@pytest.fixture
def agent(stack: Stack) -> Iterator[Agent]:
    """A caller of the stack, with its gateway running."""
    stack.start_gateway()
    caller = Agent(stack)
    yield caller
    caller.close()
