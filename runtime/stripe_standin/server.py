"""The stand-in on a port of this machine, in a thread of its own.

    with StripeStandin(StandinSettings(secret_key="sk_test_x", control=True)) as stripe:
        StripeClient("sk_test_x", base_addresses={"api": stripe.url}, max_network_retries=0)
        stripe.faults.add("intents.create", Fault.RESET_AFTER)
        assert stripe.books.balance("q1").charges == 1

`control` also makes the books keep every request. All methods may be called from any thread.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Final, TypeVar

import uvicorn

from runtime.server_thread import ServerThread
from runtime.stripe_standin.app import create_app
from runtime.stripe_standin.books import Books
from runtime.stripe_standin.connection import StandinProtocol
from runtime.stripe_standin.engine import Standin
from runtime.stripe_standin.faults import Faults
from runtime.stripe_standin.settings import StandinSettings
from runtime.stripe_standin.webhooks import Delivery
from runtime.stripe_standin.wire import Json

HOST: Final = "127.0.0.1"
STOP_SECONDS_MAX: Final = 2
CONTROL_SECONDS_MAX: Final = 30.0
BACKLOG: Final = 2048

T = TypeVar("T")
logger = logging.getLogger(__name__)


class StripeStandin(ServerThread):
    """`port` 0 takes any. Starting raises OSError where the port is taken."""

    def __init__(
        self,
        settings: StandinSettings | None = None,
        *,
        port: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        # First: settings that are refused must leave no event loop behind.
        self._standin = Standin(settings or StandinSettings(), now)
        super().__init__("stripe-standin")
        self._port = port
        self._server: uvicorn.Server | None = None
        self.url = ""

    @property
    def faults(self) -> Faults:
        return self._standin.faults

    @property
    def books(self) -> Books:
        return self._standin.books

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt at a webhook so far."""
        return list(self._standin.webhooks.deliveries)

    def hold_webhooks(self) -> None:
        self._call(self._standin.webhooks.hold)

    def release_webhooks(self, *, reverse: bool = False, times: int = 1) -> None:
        """Send what was held, one after the other, each so many times."""
        self._call(lambda: self._standin.webhooks.release(reverse=reverse, times=times))

    def drain_webhooks(self) -> None:
        """Wait until nothing is on its way."""
        self._wait(self._standin.webhooks.idle())

    def hurry(self) -> None:
        """Let requests that a fault delays go on now."""
        self._call(self._standin.hurry)

    def let_turns_happen(self) -> None:
        """Let happen now what would happen by itself later."""
        self._call(self._standin.let_turns_happen)

    def dispute(self, intent_id: str) -> None:
        self._call(lambda: self._standin.dispute(intent_id))

    def pay(self, session_id: str, method: str = "pm_card_visa") -> str | None:
        """Pay a Checkout session as its customer; why it was declined, else None."""
        return self._call(lambda: self._standin.pay(session_id, method)[1])

    def tell(self, kind: str, subject: Json | str) -> str:
        """Send an event about an object, or about the one with that id, now. Returns its id."""

        def send() -> str:
            standin = self._standin
            found = standin.document_of(subject) if isinstance(subject, str) else subject
            return standin.tell(kind, found).id

        return self._call(send)

    def change(self, **changes: float) -> None:
        """Change `search_delay_seconds` or `later_seconds`."""
        self._call(lambda: self._standin.change(**changes))

    def start(self) -> None:
        # asyncio sends at once (TCP_NODELAY) only where the socket names its protocol; without it
        # each answer after a connection's first waits 40 ms for the acknowledgement of its head.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, self._port))
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            self._loop.close()
            self._standin.store.close()
            raise
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        self._standin.is_at(self.url)
        self._listener = listener
        super().start()
        logger.info("This is a local stand-in of Stripe at %s: no money moves.", self.url)

    def _end(self) -> None:
        self._standin.stop_waiting()
        if self._server is not None:
            self._server.should_exit = True

    async def _serve(self) -> None:
        config = uvicorn.Config(
            create_app(self._standin),
            http=StandinProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
        )
        self._server = uvicorn.Server(config)
        self._standin.start()
        self._listening()
        try:
            await self._server.serve(sockets=[self._listener])
        finally:
            await self._standin.close()

    def _call(self, order: Callable[[], T]) -> T:
        async def run() -> T:
            return order()

        return self._wait(run())

    def _wait(self, work: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CONTROL_SECONDS_MAX)
