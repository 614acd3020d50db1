"""The MCP server of one application, with everything that is added to it."""

from gateway.dependencies import Gateway
from gateway.mcp.doors import open_doors
from gateway.mcp.endpoint import McpEndpoint
from gateway.mcp.server import StudioServer


def mcp_endpoint(gateway: Gateway) -> McpEndpoint:
    given = gateway.dependencies
    doors = open_doors(
        public_base_url=given.public_base_url, hosts=given.mcp_hosts, origins=given.mcp_origins
    )
    return McpEndpoint(gateway, studio_server(gateway), doors)


def studio_server(gateway: Gateway) -> StudioServer:
    """The server with all of its tools and the widget, over whichever transport."""
    return StudioServer(gateway)
