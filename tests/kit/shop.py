"""A deployment that takes payments, shared by the tests of one process.

Starting gateway and worker takes longer than a payment. Each test has quotes of its own, and finds
Stripe's stand-in without faults.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kit.customer import Customer
from tests.kit.payers import Mppx
from tests.kit.stack import FAST, Stack
from tests.kit.till import Till, taking_payments


@dataclass(frozen=True)
class Shop:
    """`customer` pays by hand, `mppx` is the command of npm's package."""

    stack: Stack
    till: Till
    customer: Customer
    mppx: Mppx

    @property
    def quotes_url(self) -> str:
        return f"{self.stack.base_url}/api/agent/render-quotes"


@contextmanager
def open_shop(folder: Path, temporal_address: str, **limits: float) -> Iterator[Shop]:
    """A gateway that sells; the test starts the worker that it wants. `limits` are timings."""
    stack = Stack(folder, temporal_address, timings=FAST.model_copy(update=limits))
    try:
        with taking_payments(stack) as till:
            stack.start_gateway()
            home = folder / "home"
            home.mkdir()
            with closing(Customer(stack, till)) as customer:
                yield Shop(stack, till, customer, Mppx(till, home))
    finally:
        stack.stop()
