"""What clients and stores know this server by. None of it may change."""

from typing import Final

MCP_PATH: Final = "/mcp"
MCP_PATHS: Final = (MCP_PATH, f"{MCP_PATH}/")
"""Both spellings: a redirect behind a proxy would lead to the wrong scheme."""
SERVER_NAME: Final = "video.future/future-video-studio"
"""Reverse-DNS, as registries want it."""
SERVER_TITLE: Final = "Future Video Studio"

WIDGET_URI: Final = "ui://future-video-studio/render-console-v1.html"
WIDGET_MEDIA_TYPE: Final = "text/html;profile=mcp-app"

BILLING_MODE_HEADER: Final = "X-FVS-Billing-Mode"
PAY_PER_RENDER: Final = "pay-per-render"

SUBMIT_RENDER: Final = "fvs_submit_render"
CREATE_QUOTE: Final = "fvs_create_paid_render_quote"
RENDER_STATUS: Final = "fvs_get_render_status"
PAID_RENDER_STATUS: Final = "fvs_get_paid_render_status"
CANCEL_RENDER: Final = "fvs_cancel_render"
DOWNLOAD_FILM: Final = "fvs_download_final_video"
EXAMPLE_REQUEST: Final = "fvs_example_render_request"
OPEN_APP: Final = "fvs_open_chatgpt_app"
TOOLS: Final = (
    SUBMIT_RENDER,
    CREATE_QUOTE,
    RENDER_STATUS,
    PAID_RENDER_STATUS,
    CANCEL_RENDER,
    DOWNLOAD_FILM,
    EXAMPLE_REQUEST,
    OPEN_APP,
)
