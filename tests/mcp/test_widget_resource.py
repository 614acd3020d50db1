"""The render console as MCP clients find it, and what it says that others say too."""

import json
import re
import zipfile
from pathlib import Path
from typing import Final

import jsonschema
import pytest
from hatchling.builders.wheel import WheelBuilder
from mcp import Client
from mcp.server import MCPServer
from mcp.types import TextResourceContents
from pydantic import SecretStr

from gateway.mcp.guide_tools import CATALOGUE_META
from gateway.mcp.mounting import studio_server
from gateway.mcp.names import TOOLS, WIDGET_MEDIA_TYPE, WIDGET_URI
from gateway.mcp.results import CLIPS_META, LINES_META
from gateway.widget.resource import widget_html, widget_resource
from runtime.serve import build_app
from runtime.settings import Settings
from studio.catalog.catalogue import load_catalogue
from studio.contracts.limits import (
    BRIEF_LENGTH_MAX,
    FILM_DURATION_SECONDS_MAX,
    FILM_DURATION_SECONDS_MIN,
    NAME_LENGTH_MAX,
    SHOT_COUNT_MAX,
    SHOT_COUNT_MIN,
)
from tests.api.kit import ApiStack
from tests.kit.npm import npm_modules

ROOT: Final = Path(__file__).parents[2]
FILES: Final = "https://files.studio.example"
PAY: Final = "https://studio.example"


@pytest.mark.requirement("APP-1")
async def test_the_console_is_listed_and_read_with_the_same_metadata() -> None:
    server = MCPServer("studio", log_level="CRITICAL")
    server.add_resource(
        widget_resource(resource_domains=[FILES, f"{FILES}/"], redirect_domains=[PAY])
    )

    async with Client(server) as client:
        [listed] = (await client.list_resources()).resources
        [read] = (await client.read_resource(WIDGET_URI)).contents

    assert isinstance(read, TextResourceContents)
    assert read.text == widget_html()
    assert (listed.mime_type, read.mime_type) == (WIDGET_MEDIA_TYPE, WIDGET_MEDIA_TYPE)
    assert listed.meta == read.meta
    assert read.meta is not None
    assert read.meta["ui"] == {
        "csp": {"connectDomains": [], "resourceDomains": [FILES]},
        "prefersBorder": True,
    }
    assert read.meta["openai/widgetCSP"] == {
        "connect_domains": [],
        "resource_domains": [FILES],
        "redirect_domains": [PAY],
    }
    assert "openai/widgetDomain" not in read.meta


def test_the_metadata_is_what_the_specification_says() -> None:
    modules = npm_modules("apps_npm", "NOBODY CHECKS THE WIDGET'S METADATA")
    package = modules / "@modelcontextprotocol/ext-apps"
    schema = json.loads((package / "dist/src/generated/schema.json").read_text())
    resource = widget_resource(resource_domains=[FILES])

    assert resource.meta is not None
    validator = jsonschema.Draft202012Validator(
        {"$ref": "#/$defs/McpUiResourceMeta", "$defs": schema["$defs"]}
    )
    validator.validate(resource.meta["ui"])


async def test_a_domain_of_its_own_is_told_to_chatgpt_alone(
    stack: ApiStack, tmp_path: Path
) -> None:
    settings = Settings(
        storage_url=f"file:{tmp_path}",
        work_directory=tmp_path,
        key_pepper=SecretStr("p" * 32),
        signing_key=SecretStr("s" * 32),
        mcp_widget_domain="https://console.example",
    )
    app = build_app(settings, workflows=stack.workflows, database=stack.database)

    async with (
        app.router.lifespan_context(app),
        Client(studio_server(app.state.gateway)) as client,
    ):
        [listed] = (await client.list_resources()).resources
        [read] = (await client.read_resource(WIDGET_URI)).contents

    for meta in (listed.meta, read.meta):
        assert meta is not None
        assert meta["openai/widgetDomain"] == "https://console.example"
        assert "domain" not in meta["ui"]


@pytest.mark.parametrize(
    "origin",
    [
        "http://files.studio.example",
        f"{FILES}/folder",
        f"{FILES}; script-src *",
        f"{FILES} *",
        "*",
        "https://",
        "https://user@files.studio.example",
    ],
)
def test_what_is_no_origin_never_gets_into_a_policy(origin: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        widget_resource(resource_domains=[origin])


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "https://*.studio.example"])
def test_this_computer_and_every_host_of_a_domain_are_origins(origin: str) -> None:
    assert widget_resource(resource_domains=[origin]).meta is not None


@pytest.mark.mcp_case("27.7")
def test_the_console_names_no_other_origin_and_makes_no_markup_of_text() -> None:
    code = widget_html()

    assert set(re.findall(r"https?://[\w.:-]+", code)) == set()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in code
    for forbidden in ("fetch(", "XMLHttpRequest", "WebSocket", "localStorage", "sessionStorage"):
        assert forbidden not in code
    assert re.findall(r"<(?:link|script src|img|iframe|form)\b", code) == []


def test_the_console_offers_the_styles_of_the_catalogue() -> None:
    found = re.search(r'id="styles">(.*?)</script>', widget_html(), re.DOTALL)
    assert found is not None

    assert json.loads(found[1]) == [
        [style.id, style.title, style.description, list(style.palette)]
        for style in load_catalogue().styles()
    ]


def test_the_consoles_limits_are_the_contracts() -> None:
    limits = (
        f"{{ name: {NAME_LENGTH_MAX}, brief: {BRIEF_LENGTH_MAX}, "
        f"shots: [{SHOT_COUNT_MIN}, {SHOT_COUNT_MAX}], "
        f"seconds: [{FILM_DURATION_SECONDS_MIN}, {FILM_DURATION_SECONDS_MAX}] }}"
    )

    assert f"const LIMIT = {limits};" in widget_html()
    assert f'id="name" maxlength="{NAME_LENGTH_MAX}"' in widget_html()
    assert f'class="typed" maxlength="{BRIEF_LENGTH_MAX}"' in widget_html()


def test_the_console_knows_the_tools_and_their_metadata_by_their_names() -> None:
    named = set(re.findall(r'"(fvs_[a-z_]+)"', widget_html()))

    assert named < set(TOOLS)
    assert f'CLIPS_META = "{CLIPS_META}"' in widget_html()
    assert f'CATALOGUE_META = "{CATALOGUE_META}"' in widget_html()
    assert f'LINES_META = "{LINES_META}"' in widget_html()


def test_the_console_is_in_the_wheel(tmp_path: Path) -> None:
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])

    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("gateway/widget/render-console-v1.html").decode()
    assert packed == widget_html()
