"""The MCP server of one application, with everything that is added to it."""

from urllib.parse import urlsplit

from gateway.dependencies import Gateway
from gateway.mcp.doors import open_doors
from gateway.mcp.endpoint import McpEndpoint
from gateway.mcp.server import StudioServer
from gateway.widget.resource import LOCAL_ORIGINS, register


def mcp_endpoint(gateway: Gateway) -> McpEndpoint:
    given = gateway.dependencies
    doors = open_doors(
        public_base_url=given.public_base_url, hosts=given.mcp_hosts, origins=given.mcp_origins
    )
    return McpEndpoint(gateway, studio_server(gateway), doors)


def studio_server(gateway: Gateway) -> StudioServer:
    """The server with all of its tools and the widget, over whichever transport."""
    given = gateway.dependencies
    server = StudioServer(gateway)
    base = urlsplit(given.public_base_url or "")
    own = (f"{base.scheme}://{base.netloc}",) if base.netloc else LOCAL_ORIGINS
    origins = (*own, *given.file_origins)
    register(
        server,
        resource_domains=origins,
        redirect_domains=origins,
        widget_domain=given.widget_domain,
    )
    return server
