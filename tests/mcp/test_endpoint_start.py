"""An endpoint whose server does not start."""

from typing import NoReturn

import pytest
from mcp.server import MCPServer

from gateway.dependencies import Gateway
from gateway.mcp.doors import Doors
from gateway.mcp.endpoint import McpEndpoint
from tests.api.kit import ApiStack


class Broken(MCPServer[None]):
    def streamable_http_app(self, **_: object) -> NoReturn:
        raise OSError("no server today")


async def test_an_endpoint_that_cannot_start_keeps_its_application_from_serving(
    stack: ApiStack,
) -> None:
    gateway = Gateway(stack.dependencies)
    endpoint = McpEndpoint(gateway, Broken("studio"), Doors((), ()))  # type: ignore[arg-type]  # a server of less
    has_served = False
    with pytest.raises(OSError, match="no server today"):
        async with endpoint.running():
            has_served = True
    assert not has_served
