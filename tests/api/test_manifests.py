"""What registries, hosts and ChatGPT find of the MCP server."""

import json
from collections.abc import Callable
from importlib.metadata import version
from ipaddress import ip_network
from typing import Any

import httpx2
import pytest
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from gateway.manifests import (
    CARD_TYPE,
    CATALOG_TYPE,
    DESCRIPTION,
    DESCRIPTION_LENGTH_MAX,
    JSON_TYPE,
    MANIFESTS,
    Place,
    card_document,
    server_document,
)
from gateway.mcp.names import TOOLS
from tests.api.kit import BASE_URL, ApiStack
from tests.kit.mcp_schemas import card_validator, registry_validator
from tests.mcp.kit import mcp_client

SERVER = "/server.json"
WELL_KNOWN = "/.well-known/mcp-server.json"
CHATGPT = "/chatgpt-app.json"
CARD = "/mcp/server-card"
CATALOG = "/.well-known/ai-catalog.json"
SCHEMA_VERSION = "2025-12-11"
KEY = "X-FVS-Agent-Key"

Document = dict[str, Any]


async def get(stack: ApiStack, path: str, **headers: str) -> httpx2.Response:
    async with stack.client() as client:
        return await client.get(path, headers=headers)


async def document(stack: ApiStack, path: str) -> Document:
    answer = await get(stack, path)
    assert answer.status_code == 200
    found: Document = answer.json()
    return found


@pytest.fixture
async def server(stack: ApiStack) -> Document:
    return await document(stack, SERVER)


@pytest.mark.requirement("DISC-1")
async def test_the_registry_takes_the_server_manifest(server: Document) -> None:
    validator = registry_validator(SCHEMA_VERSION)

    assert server["$schema"].endswith(f"/{SCHEMA_VERSION}/server.schema.json")
    assert [error.message for error in validator.iter_errors(server)] == []


def without(field: str) -> Callable[[Document], None]:
    return lambda server: server.pop(field)


def changed(**fields: object) -> Callable[[Document], None]:
    return lambda server: server.update(fields)


def in_remote(**fields: object) -> Callable[[Document], None]:
    return lambda server: server["remotes"][0].update(fields)


def remote_without(field: str) -> Callable[[Document], None]:
    return lambda server: server["remotes"][0].pop(field)


@pytest.mark.parametrize(
    "spoil",
    [
        without("name"),
        without("description"),
        without("version"),
        changed(name="future-video-studio"),
        changed(description="x" * (DESCRIPTION_LENGTH_MAX + 1)),
        changed(websiteUrl=7),
        remote_without("url"),
        remote_without("type"),
        changed(remotes=[{"type": "streamable-http", "url": "ws://gateway.test/mcp"}]),
        changed(remotes=[{"type": "sse-ish", "url": "https://gateway.test/mcp"}]),
    ],
)
def test_the_registry_would_see_a_mistake(spoil: Callable[[Document], None]) -> None:
    wrong: Document = json.loads(json.dumps(server_document(Place(BASE_URL, BASE_URL, "1.0.0"))))
    spoil(wrong)

    assert list(registry_validator(SCHEMA_VERSION).iter_errors(wrong)) != []


async def test_the_card_is_one(stack: ApiStack) -> None:
    card = await document(stack, CARD)

    assert [error.message for error in card_validator(SCHEMA_VERSION).iter_errors(card)] == []


@pytest.mark.parametrize(
    "spoil",
    [
        without("$schema"),
        without("name"),
        without("description"),
        without("version"),
        changed(name="future-video-studio"),
        changed(description="x" * (DESCRIPTION_LENGTH_MAX + 1)),
        changed(packages=[]),
        changed(tools=[]),
        remote_without("url"),
        in_remote(protocolVersions=["2026-07-28"]),
        in_remote(supportedProtocolVersions="2026-07-28"),
        in_remote(headers=[{"isSecret": True}]),
        in_remote(headers=[{"name": KEY, "secret": True}]),
    ],
)
def test_a_mistake_in_the_card_would_be_seen(spoil: Callable[[Document], None]) -> None:
    wrong: Document = json.loads(json.dumps(card_document(Place(BASE_URL, BASE_URL, "1.0.0"))))
    spoil(wrong)

    assert list(card_validator(SCHEMA_VERSION).iter_errors(wrong)) != []


@pytest.mark.requirement("DISC-1")
async def test_both_addresses_have_the_same_bytes(stack: ApiStack) -> None:
    assert (await get(stack, SERVER)).content == (await get(stack, WELL_KNOWN)).content


async def test_the_manifest_names_the_endpoint_and_its_optional_secret_header(
    server: Document,
) -> None:
    [remote] = server["remotes"]

    assert (server["name"], server["title"]) == (
        "video.future/future-video-studio",
        "Future Video Studio",
    )
    assert (remote["type"], remote["url"]) == ("streamable-http", f"{BASE_URL}/mcp")
    headers = {header["name"]: header for header in remote["headers"]}
    assert (headers[KEY]["isSecret"], headers[KEY]["isRequired"]) == (True, False)
    assert headers["X-FVS-Billing-Mode"]["choices"] == ["pay-per-render"]


async def test_the_card_is_the_manifest_with_the_revisions_that_are_spoken(
    stack: ApiStack, server: Document
) -> None:
    card = await document(stack, CARD)

    [remote] = card["remotes"]
    assert remote.pop("supportedProtocolVersions")[0] == MODERN_PROTOCOL_VERSIONS[-1]
    assert card | {"$schema": server["$schema"]} == server
    assert card["$schema"].endswith("/v1/server-card.schema.json")


async def test_the_catalogue_leads_to_the_card(stack: ApiStack) -> None:
    catalog = await document(stack, CATALOG)

    [entry] = catalog["entries"]
    assert (catalog["specVersion"], entry["type"]) == ("1.0", CARD_TYPE)
    assert entry["url"] == BASE_URL + CARD


@pytest.mark.requirement("APP-3")
async def test_the_app_manifest_says_what_to_type_into_chatgpt(stack: ApiStack) -> None:
    app = await document(stack, CHATGPT)

    assert app["connector"]["name"] == "Future Video Studio"
    assert app["connector"]["url"] == f"{BASE_URL}/mcp"
    assert (app["account_mode"]["header"], app["account_mode"]["required"]) == (KEY, False)
    assert app["pay_per_render_mode"]["header"] == "X-FVS-Billing-Mode"
    assert app["pay_per_render_mode"]["value"] == "pay-per-render"
    assert app["widget"]["resource_uri"] == "ui://future-video-studio/render-console-v1.html"
    assert app["widget"]["mime_type"] == "text/html;profile=mcp-app"
    assert app["tools"] == list(TOOLS)


@pytest.mark.requirement("APP-3")
async def test_every_document_that_the_app_manifest_names_is_there(stack: ApiStack) -> None:
    addresses = (await document(stack, CHATGPT))["documents"]

    async with stack.client() as client:
        for address in addresses.values():
            assert (await client.get(address)).status_code == 200


async def test_all_documents_have_one_version(stack: ApiStack) -> None:
    stack.configure(version=version("future-video-studio"))

    found = {
        path: (await document(stack, path))["version"]
        for path in (SERVER, CARD, CHATGPT, "/health")
    }
    found["openapi"] = (await document(stack, "/openapi.json"))["info"]["version"]
    async with mcp_client(stack, mode="legacy") as client:
        assert client.server_info is not None
        found["serverInfo"] = client.server_info.version

    assert set(found.values()) == {version("future-video-studio")}


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        (SERVER, JSON_TYPE),
        (WELL_KNOWN, JSON_TYPE),
        (CHATGPT, JSON_TYPE),
        (CARD, CARD_TYPE),
        (CATALOG, CATALOG_TYPE),
    ],
)
async def test_a_document_may_be_kept_for_minutes_and_read_by_any_page(
    stack: ApiStack, path: str, media_type: str
) -> None:
    answer = await get(stack, path, Origin="https://page.example")

    assert answer.headers["Content-Type"].partition(";")[0] == media_type
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", sorted(MANIFESTS))
async def test_a_document_that_is_known_is_not_sent_again(stack: ApiStack, path: str) -> None:
    first = await get(stack, path)
    again = await get(stack, path, **{"If-None-Match": first.headers["ETag"]})
    other = await get(stack, path, **{"If-None-Match": '"of-another"'})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("path", sorted(MANIFESTS))
async def test_the_head_of_a_document_is_as_its_get(stack: ApiStack, path: str) -> None:
    async with stack.client() as client:
        head, whole = await client.head(path), await client.get(path)
        refused = await client.post(path)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")


async def test_addresses_are_on_the_host_that_the_caller_used(stack: ApiStack) -> None:
    stack.configure(trusted_proxies=(ip_network("127.0.0.1"),))
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "studio.example"}

    for path in MANIFESTS:
        answer = await get(stack, path, **forwarded)
        assert "https://studio.example/" in answer.text
        assert "gateway.test" not in answer.text


async def test_addresses_are_on_the_configured_hosts_where_there_are(stack: ApiStack) -> None:
    stack.configure(public_base_url="https://studio.example", mcp_hosts=("mcp.studio.example",))

    server = await document(stack, SERVER)
    app = await document(stack, CHATGPT)

    assert server["remotes"][0]["url"] == "https://mcp.studio.example/mcp"
    assert server["websiteUrl"] == "https://studio.example"
    assert app["documents"]["openapi"].startswith("https://studio.example/")
    assert (await document(stack, CATALOG))["entries"][0]["url"].startswith("https://mcp.studio")


def test_the_description_fits_where_it_is_shown() -> None:
    assert len(DESCRIPTION) <= DESCRIPTION_LENGTH_MAX
