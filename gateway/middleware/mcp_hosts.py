"""Hosts that are for MCP alone: everything else of the gateway is not there."""

from collections.abc import Collection, Iterable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.problem import problem, problem_response

ELSEWHERE: Final = "This host serves MCP alone; the API is at {base_url}."


class McpHostMiddleware:
    """`hosts` may carry a port; without one they are meant with any."""

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str], base_url: str | None, paths: Collection[str]
    ) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._detail = ELSEWHERE.format(base_url=base_url or "another host")
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_elsewhere(scope):
            refusal = problem(
                404, "http_404", self._detail, request_id=scope.get("state", {}).get("request_id")
            )
            await problem_response(refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_elsewhere(self, scope: Scope) -> bool:
        host = Headers(scope=scope).get("host", "").lower()
        names = {host, host.rpartition(":")[0]}
        # To DNS a name with a dot at its end is the same one.
        is_ours = any(name.removesuffix(".") in self._hosts for name in names)
        return is_ours and scope["path"] not in self._paths
