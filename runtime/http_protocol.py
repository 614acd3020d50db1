"""HTTP on the wire: uvicorn's own protocol, with patience that ends and answers in our form.

What is refused here never reaches the application: it is no HTTP, or headers that do not end.
"""

import asyncio
import secrets
import sys
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.middleware.request_id import REQUEST_ID_HEADER
from gateway.problem import PROBLEM_MEDIA_TYPE, problem, title_of

WAIT_SECONDS_MAX: Final = 30.0
"""How long a request's headers may take, the first byte's wait included, and how long the rest of
a refused body is read: as nginx's `lingering_time`."""
REQUEST_ID_BYTES: Final = 12
_SENTENCES: Final = {
    431: "The request's line and headers are larger than 64 KiB together.",
    501: "This Transfer-Encoding is not known here; send the body with a Content-Length.",
}
"""By the status that the parser suggests."""
_SENTENCE: Final = "This is not an HTTP request that can be understood."


class GatewayProtocol(H11Protocol):
    """One connection. `wait_seconds_max` bounds the waits that uvicorn does not."""

    wait_seconds_max: ClassVar[float] = WAIT_SECONDS_MAX
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's own sentence
        """Refuse what is no HTTP with a problem document."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()  # half an answer is out
            return
        error = sys.exc_info()[1]
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        request_id = secrets.token_hex(REQUEST_ID_BYTES)
        detail = _SENTENCES.get(hint, _SENTENCE)
        body = problem(hint, f"http_{hint}", detail, request_id=request_id)
        content = body.model_dump_json(exclude_none=True).encode()
        headers = [
            ("Content-Type", PROBLEM_MEDIA_TYPE),
            ("Content-Length", str(len(content))),
            (REQUEST_ID_HEADER, request_id),
            ("Connection", "close"),
        ]
        for event in (
            h11.Response(status_code=hint, headers=headers, reason=title_of(hint).encode()),
            h11.Data(data=content),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Java's client asks for HTTP/2 with every request: no reason for two lines each."""

    def _watch(self) -> None:
        """Bound the wait for headers, and for the rest of a body that was answered unread.

        Such a rest is read and dropped for a while, as a caller who sends everything first would
        otherwise not see the answer.
        """
        is_answered = self.cycle is None or self.cycle.response_complete
        if not (is_answered and self.conn.their_state in (h11.IDLE, h11.SEND_BODY)):
            self._stop_watching()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.wait_seconds_max, self.transport.close)

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
