from tests.api.conftest import plain_logs, png, stack, till
from tests.mcp.widget_kit import browser, context, host, host_script, page, tools

__all__ = [
    "browser",
    "context",
    "host",
    "host_script",
    "page",
    "plain_logs",
    "png",
    "stack",
    "till",
    "tools",
]
