"""The MCP server of one application, with everything that is added to it."""

from urllib.parse import urlsplit

from gateway.dependencies import Gateway
from gateway.mcp.doors import open_doors
from gateway.mcp.download_tool import download_tool
from gateway.mcp.endpoint import McpEndpoint
from gateway.mcp.guide_tools import guide_tools
from gateway.mcp.names import TOOLS
from gateway.mcp.render_tools import render_tools
from gateway.mcp.server import StudioServer
from gateway.mcp.status_tools import status_tools
from gateway.mcp.toolbox import StudioTool
from gateway.mcp.waiting import Waits
from gateway.widget.resource import LOCAL_ORIGINS, widget_resource


def mcp_endpoint(gateway: Gateway, server: StudioServer | None = None) -> McpEndpoint:
    """`server` is served in place of the studio's own."""
    given = gateway.dependencies
    doors = open_doors(
        public_base_url=given.public_base_url, hosts=given.mcp_hosts, origins=given.mcp_origins
    )
    return McpEndpoint(gateway, server or studio_server(gateway), doors)


def studio_server(gateway: Gateway) -> StudioServer:
    """The server with all of its tools and the widget, over whichever transport."""
    given = gateway.dependencies
    server = StudioServer(gateway, studio_tools(gateway))
    base = urlsplit(given.public_base_url or "")
    own = (f"{base.scheme}://{base.netloc}",) if base.netloc else LOCAL_ORIGINS
    origins = (*own, *given.file_origins)
    server.add_resource(
        widget_resource(
            resource_domains=origins,
            redirect_domains=origins,
            widget_domain=given.widget_domain,
        )
    )
    return server


def studio_tools(gateway: Gateway) -> list[StudioTool]:
    """In the reference's order."""
    waits = Waits(gateway.clock, stopping=gateway.dependencies.stopping)
    films = download_tool(gateway.dependencies.films)
    tools = (*render_tools(), *status_tools(waits), films, *guide_tools())
    return sorted(tools, key=lambda tool: TOOLS.index(tool.definition.name))
