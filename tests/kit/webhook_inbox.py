"""An endpoint that takes webhooks on a port of this machine, as slowly or badly as it is told."""

import queue
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import stripe

WAIT_SECONDS_MAX = 20.0


class WebhookInbox:
    """Answers `statuses` one after the other, then 200; nobody while `gate` is closed."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.statuses: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.taken: queue.Queue[tuple[bytes, str]] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhooks/stripe"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next(self) -> stripe.Event:
        """The next request, its signature checked by Stripe's own code."""
        payload, signature = self.taken.get(timeout=WAIT_SECONDS_MAX)
        event = stripe.Webhook.construct_event(payload, signature, self.secret)
        assert isinstance(event, stripe.Event)
        return event

    def types(self, count: int) -> list[str]:
        return [self.next().type for _ in range(count)]

    def _handler(self) -> Callable[..., BaseHTTPRequestHandler]:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.taken.put((payload, self.headers["Stripe-Signature"]))
                inbox.gate.wait(WAIT_SECONDS_MAX)
                self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
