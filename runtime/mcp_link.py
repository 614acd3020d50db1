"""One MCP request at a time to a gateway's endpoint, each on its own: nothing has to be kept up."""

from typing import Final, TypeVar

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.dispatcher import ProgressFnT
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, ClientRequest, Implementation, Result
from mcp_types.version import LATEST_MODERN_VERSION
from pydantic import ValidationError

from gateway.auth import KEY_HEADER
from gateway.mcp.names import SERVER_NAME
from gateway.services.film_addresses import is_loopback

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 120.0
"""Between two messages of an answer: a wait of the status tools is 45 s, with progress within."""
ANSWER_SECONDS_MAX: Final = 120.0
"""All of an answer: what answers something else, or keeps the stream open with nothing, is away."""
ResultT = TypeVar("ResultT", bound=Result)


class GatewayAway(Exception):
    """The gateway did not answer, or not as a gateway does. Says nothing of why."""


class GatewayLink:
    """`key` goes to `mcp_url` and to no other host: redirects are followed within it alone."""

    def __init__(
        self,
        mcp_url: str,
        key: str | None,
        *,
        version: str,
        transport: httpx2.AsyncBaseTransport | None = None,
        answer_seconds_max: float = ANSWER_SECONDS_MAX,
    ) -> None:
        self._mcp_url = mcp_url
        self._answer_seconds_max = answer_seconds_max
        self._info = Implementation(name=f"{SERVER_NAME}-stdio", version=version)
        self._http = httpx2.AsyncClient(
            headers={KEY_HEADER: key} if key else {},
            timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            transport=transport,
            # A proxy of the environment would read what is plain HTTP because it stays here.
            trust_env=not is_loopback(httpx2.URL(mcp_url)),
        )

    async def ask(
        self,
        request: ClientRequest,
        result_type: type[ResultT],
        *,
        on_progress: ProgressFnT | None = None,
    ) -> ResultT:
        """The gateway's answer. Raises GatewayAway, and MCPError where it refuses.

        The newest revision needs no handshake, so a request is one HTTP exchange.
        """
        transport = streamable_http_client(self._mcp_url, http_client=self._http)
        client = Client(transport, mode=LATEST_MODERN_VERSION, cache=None, client_info=self._info)
        refusal: MCPError | None = None
        try:
            async with client:
                try:
                    return await client.session.send_request(
                        request,
                        result_type,
                        request_read_timeout_seconds=self._answer_seconds_max,
                        progress_callback=on_progress,
                    )
                except MCPError as error:
                    refusal = error
        except (httpx2.HTTPError, ValidationError, ExceptionGroup):
            raise GatewayAway from None
        # All other codes are the SDK's own too, for answers that are none and that it repeats.
        if refusal is not None and refusal.code == INVALID_PARAMS:
            raise refusal
        raise GatewayAway

    async def aclose(self) -> None:
        await self._http.aclose()
