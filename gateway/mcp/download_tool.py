"""`fvs_download_final_video`."""

from mcp.server import MCPServer

from gateway.mcp.ports import Films, IsKnownCaller


def register(server: MCPServer, *, films: Films | None, is_known: IsKnownCaller) -> None:
    """Add the tool to `server`. Without `films` it answers with the address and says why."""
    raise NotImplementedError
