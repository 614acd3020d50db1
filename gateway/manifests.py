"""What registries, hosts and ChatGPT are told of the MCP server: every document from one place.

`server.json` is the registry's format of 2025-12-11; the card is SEP-2127's and the catalogue its
index. `chatgpt-app.json` has no format of anybody's: it says what a person types into ChatGPT.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import JsonValue

from gateway.auth import KEY_HEADER
from gateway.discovery import HEALTH_PATH, LLMS_PATH
from gateway.mcp.names import (
    BILLING_MODE_HEADER,
    CREATE_QUOTE,
    MCP_PATH,
    MCP_PATHS,
    OPEN_APP,
    PAID_RENDER_STATUS,
    PAY_PER_RENDER,
    SERVER_NAME,
    SERVER_TITLE,
    TOOLS,
    WIDGET_MEDIA_TYPE,
    WIDGET_URI,
)
from gateway.openapi import OPENAPI_PATH

SERVER_PATH: Final = "/server.json"
WELL_KNOWN_PATH: Final = "/.well-known/mcp-server.json"
CHATGPT_PATH: Final = "/chatgpt-app.json"
CARD_PATH: Final = f"{MCP_PATH}/server-card"
"""Beside the endpoint, where SEP-2127 reserves it."""
CATALOG_PATH: Final = "/.well-known/ai-catalog.json"

JSON_TYPE: Final = "application/json"
CARD_TYPE: Final = "application/mcp-server-card+json"
CATALOG_TYPE: Final = "application/ai-catalog+json"

DESCRIPTION: Final = (
    "Give an agent a brief, get back a finished film: planned, filmed, scored and cut."
)
DESCRIPTION_LENGTH_MAX: Final = 100
"""Of the registry's schema and of the card's."""
TRANSPORT: Final = "streamable-http"
KEY_PLACEHOLDER: Final = "fvs_live_replace_me"
_SERVER_SCHEMA: Final = (
    "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
)
_CARD_SCHEMA: Final = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json"
_CATALOG_VERSION: Final = "1.0"
_IDENTIFIER: Final = "urn:air:future.video:mcp:future-video-studio"

Document = dict[str, JsonValue]


@dataclass(frozen=True)
class Place:
    """Where a caller found the service: base URLs without a trailing slash, and its version.

    `mcp_base_url` differs where the MCP endpoint has a host of its own.
    """

    base_url: str
    mcp_base_url: str
    version: str

    @property
    def mcp_url(self) -> str:
        return self.mcp_base_url + MCP_PATH


@dataclass(frozen=True)
class Manifest:
    build: Callable[[Place], Document]
    media_type: str


def server_document(place: Place) -> Document:
    """`server.json`."""
    return {"$schema": _SERVER_SCHEMA, **_about(place), "remotes": [_remote(place)]}


def card_document(place: Place) -> Document:
    versions: list[JsonValue] = [
        *reversed(MODERN_PROTOCOL_VERSIONS),
        *reversed(HANDSHAKE_PROTOCOL_VERSIONS),
    ]
    remote = {**_remote(place), "supportedProtocolVersions": versions}
    return {"$schema": _CARD_SCHEMA, **_about(place), "remotes": [remote]}


def catalog_document(place: Place) -> Document:
    """The index of a domain: one entry, which leads to the card."""
    card: JsonValue = {
        "identifier": _IDENTIFIER,
        "type": CARD_TYPE,
        "url": place.mcp_base_url + CARD_PATH,
    }
    return {"specVersion": _CATALOG_VERSION, "entries": [card]}


def chatgpt_document(place: Place) -> Document:
    """What to type into ChatGPT's developer mode, and what it then finds."""
    return {
        "name": SERVER_TITLE,
        "description": DESCRIPTION,
        "version": place.version,
        "connector": {
            "name": SERVER_TITLE,
            "url": place.mcp_url,
            "transport": TRANSPORT,
            "authentication": "none",
        },
        "account_mode": {
            "header": KEY_HEADER,
            "placeholder": KEY_PLACEHOLDER,
            "secret": True,
            "required": False,
            "also_accepted": ["Authorization: Bearer", "X-API-Key", "X-Agent-Api-Key"],
        },
        "pay_per_render_mode": {
            "header": BILLING_MODE_HEADER,
            "value": PAY_PER_RENDER,
            "instructions": (
                f"Leave {KEY_HEADER} out, or set {BILLING_MODE_HEADER} to {PAY_PER_RENDER}. "
                f"{CREATE_QUOTE} then gives a price and a payment_url; once it is paid, "
                f"{PAID_RENDER_STATUS} follows the film by its status_url."
            ),
        },
        "widget": {
            "resource_uri": WIDGET_URI,
            "mime_type": WIDGET_MEDIA_TYPE,
            "opened_by": OPEN_APP,
        },
        "tools": [*TOOLS],
        "documents": {
            "server": place.mcp_base_url + SERVER_PATH,
            "server_card": place.mcp_base_url + CARD_PATH,
            "openapi": place.base_url + OPENAPI_PATH,
            "llms": place.base_url + LLMS_PATH,
            "health": place.mcp_base_url + HEALTH_PATH,
        },
    }


MANIFESTS: Final[dict[str, Manifest]] = {
    SERVER_PATH: Manifest(server_document, JSON_TYPE),
    WELL_KNOWN_PATH: Manifest(server_document, JSON_TYPE),
    CHATGPT_PATH: Manifest(chatgpt_document, JSON_TYPE),
    CARD_PATH: Manifest(card_document, CARD_TYPE),
    CATALOG_PATH: Manifest(catalog_document, CATALOG_TYPE),
}
MCP_HOST_PATHS: Final = frozenset({*MCP_PATHS, *MANIFESTS, HEALTH_PATH, LLMS_PATH})
"""All that a host which is for MCP alone answers."""


def _about(place: Place) -> Document:
    return {
        "name": SERVER_NAME,
        "title": SERVER_TITLE,
        "description": DESCRIPTION,
        "version": place.version,
        "websiteUrl": place.base_url,
    }


def _remote(place: Place) -> Document:
    return {
        "type": TRANSPORT,
        "url": place.mcp_url,
        "headers": [
            {
                "name": KEY_HEADER,
                "description": "The account's agent key. Leave it out to pay render by render.",
                "isRequired": False,
                "isSecret": True,
                "placeholder": KEY_PLACEHOLDER,
            },
            {
                "name": BILLING_MODE_HEADER,
                "description": "Pay each render by itself, even where there is a key.",
                "isRequired": False,
                "choices": [PAY_PER_RENDER],
            },
        ],
    }
