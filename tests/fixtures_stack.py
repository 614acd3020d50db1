"""A deployment of real processes for each test that asks for one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.temporal_server import RunningTemporal
from tests.kit.client import Agent
from tests.kit.collector import Collector, collecting
from tests.kit.market import REPLICA, Market, open_market
from tests.kit.shop import Shop, open_shop
from tests.kit.stack import Stack
from tests.kit.tls_host import Authority


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


@pytest.fixture(scope="session")
def open_shop_of_the_process(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: RunningTemporal
) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop") / "stack", temporal_server.address) as opened:
        opened.stack.start_worker()
        yield opened


@pytest.fixture
def shop(open_shop_of_the_process: Shop) -> Iterator[Shop]:
    """Sells renders and makes them; shared, so look at your own quotes only."""
    opened = open_shop_of_the_process
    yield opened
    opened.till.stripe.faults.clear()
    opened.customer.leave()


@pytest.fixture
def own_shop(tmp_path: Path, temporal_server: RunningTemporal) -> Iterator[Shop]:
    """A shop of the test's own, whose worker the test starts."""
    with open_shop(tmp_path / "shop", temporal_server.address) as opened:
        yield opened


@pytest.fixture
def hasty_shop(tmp_path: Path, temporal_server: RunningTemporal) -> Iterator[Shop]:
    """Likewise; it tries a step that fails for a few seconds only."""
    limits = {"stage_deadline_seconds": 5.0}
    with open_shop(tmp_path / "shop", temporal_server.address, **limits) as opened:
        yield opened


@pytest.fixture(scope="session")
def open_market_of_the_process(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: RunningTemporal, authority: Authority
) -> Iterator[Market]:
    folder = tmp_path_factory.mktemp("market") / "stack"
    with open_market(folder, temporal_server.address, authority) as opened:
        opened.stack.start_quick_worker()
        opened.stack.start_gateway()
        yield replace(opened, elsewhere=opened.stack.start_replica(REPLICA))


@pytest.fixture
def market(open_market_of_the_process: Market) -> Iterator[Market]:
    """Two gateways and a quick worker; shared, so look at your own quotes only."""
    opened = open_market_of_the_process
    yield opened
    opened.till.stripe.faults.clear()
    opened.till.stripe.release_webhooks()
    opened.till.stripe.change(search_delay_seconds=0)


@pytest.fixture
def own_market(
    tmp_path: Path, temporal_server: RunningTemporal, authority: Authority
) -> Iterator[Market]:
    """A market of the test's own, whose processes the test starts."""
    with open_market(tmp_path / "market", temporal_server.address, authority) as opened:
        yield opened


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Takes the traces of a stack that tells them (tests/kit/leaks.py)."""
    with collecting() as running:
        yield running
