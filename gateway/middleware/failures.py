"""The last resort: an error that nobody foresaw becomes a 500 problem, once, and a log line."""

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.middleware.logged_paths import logged_path
from gateway.problem import problem, problem_response

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


class FailureMiddleware:
    """Says nothing of the cause: that is in the log, under the request's id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, note_start)
        except Exception:
            _log.exception("unhandled error", method=scope["method"], path=logged_path(scope))
            if started:  # half an answer is out: closing the connection is all that is left
                raise
            request_id = scope.get("state", {}).get("request_id")
            document = problem(
                500,
                "internal_error",
                "Something went wrong on our side. Quote the request id if you report it.",
                request_id=request_id,
            )
            await problem_response(document)(scope, receive, send)
