"""Who sells at a stand-in of Stripe. Modules whose tests need no clock share one stand-in."""

from collections.abc import Iterator

import pytest

from runtime.stripe_standin.server import StripeStandin
from tests.kit.stripe_standin import SETTINGS, Seller, StandinClock


@pytest.fixture
def clock() -> StandinClock:
    return StandinClock()


@pytest.fixture
def standin(clock: StandinClock) -> Iterator[StripeStandin]:
    with StripeStandin(SETTINGS, now=clock) as running:
        yield running


@pytest.fixture
def seller(standin: StripeStandin) -> Iterator[Seller]:
    with Seller(standin.url) as running:
        yield running
