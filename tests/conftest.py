"""Fixtures that every test may use. Servers are started once a test process and stopped by pid."""

import gc
from collections.abc import Iterator

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from runtime.temporal_config import load_temporal_config
from runtime.temporal_server import RunningTemporal, start_temporal

pytest_plugins = [
    "tests.fixtures_db",
    "tests.fixtures_fetch",
    "tests.fixtures_stack",
    "tests.fixtures_studio",
]


@pytest.fixture(scope="session")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTemporal]:
    """A real development server, in memory, with the search attributes of `temporal-dev.yaml`."""
    log_file = tmp_path_factory.mktemp("temporal") / "server.log"
    server = start_temporal(load_temporal_config(), log_file=log_file, headless=True)
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def temporal(temporal_server: RunningTemporal) -> Client:
    return await Client.connect(
        temporal_server.address,
        namespace=temporal_server.namespace,
        data_converter=pydantic_data_converter,
    )


def pytest_unconfigure() -> None:
    """Collect the Temporal SDK's objects while the interpreter still stands.

    Left to the interpreter's end, the SDK's threads can crash it after the last test.
    """
    gc.collect()
