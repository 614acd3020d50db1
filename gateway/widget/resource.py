"""The render console as an MCP resource: the HTML file that hosts show beside the answers."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

from mcp.server.apps import ResourceCsp
from mcp.server.mcpserver.resources import TextResource
from pydantic import JsonValue

from gateway.mcp.names import WIDGET_MEDIA_TYPE, WIDGET_URI

WIDGET_TITLE: Final = "Render console"
WIDGET_DESCRIPTION: Final = (
    "The form for a film's brief, its price or payment link, the progress of every shot, and the "
    "finished film. It keeps itself up to date, so its contents need not be repeated."
)
_FILE: Final = "render-console-v1.html"
"""Hosts keep what they read under its URI for long: a console that needs other answers from the
tools gets another URI, and this one stays readable."""
LOCAL_ORIGINS: Final = ("http://127.0.0.1:*", "http://localhost:*")
"""Where a server without a public address has its files."""
_ORIGIN = re.compile(
    r"https://(?:\*\.)?[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?(?::[0-9]{1,5})?"
    r"|http://(?:127\.0\.0\.1|localhost)(?::(?:[0-9]{1,5}|\*))?"
)
"""What may go into a content security policy: a value with a space or a semicolon would be more
than one source. Plain http only of this computer."""


def widget_resource(
    *,
    resource_domains: Iterable[str],
    redirect_domains: Iterable[str] = (),
    widget_domain: str | None = None,
) -> TextResource:
    """The console with its metadata, of MCP Apps (2026-01-26) and as ChatGPT names the same.

    `resource_domains` are the origins of the films' and thumbnails' URLs, `redirect_domains` those
    of the links that are opened in a browser, such as the payment's; `widget_domain` is the origin
    that ChatGPT shows the console under. `_meta.ui.domain` is left out: each host wants another
    value of it, and refuses to show what has the wrong one.

    Raises:
        ValueError: if one of them is no origin.
    """
    resources = _origins(resource_domains)
    meta: dict[str, JsonValue] = {
        "ui": {
            "csp": ResourceCsp(connect_domains=[], resource_domains=resources).model_dump(
                by_alias=True, exclude_none=True
            ),
            "prefersBorder": True,
        },
        "openai/widgetCSP": {
            "connect_domains": [],
            "resource_domains": [*resources],
            "redirect_domains": [*_origins(redirect_domains)],
        },
        "openai/widgetDescription": WIDGET_DESCRIPTION,
        "openai/widgetPrefersBorder": True,
    }
    if widget_domain is not None:
        meta["openai/widgetDomain"] = _origins([widget_domain])[0]
    return TextResource(
        uri=WIDGET_URI,
        name="render-console",
        title=WIDGET_TITLE,
        description=WIDGET_DESCRIPTION,
        mime_type=WIDGET_MEDIA_TYPE,
        meta=meta,
        text=widget_html(),
    )


@cache
def widget_html() -> str:
    """The console, a page that is whole in itself."""
    return files("gateway.widget").joinpath(_FILE).read_text("utf-8")


def _origins(given: Iterable[str]) -> list[str]:
    """Each once, in the order given: what is listed must not differ from one process to another."""
    origins = list(dict.fromkeys(origin.rstrip("/").lower() for origin in given))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"not an origin: {origin!r}")
    return origins
