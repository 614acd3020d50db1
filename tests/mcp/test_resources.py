"""What `resources/*` and unknown names are answered with."""

import json

import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import TextResourceContents

from gateway.mcp.names import WIDGET_MEDIA_TYPE, WIDGET_URI
from tests.api.kit import ApiStack
from tests.mcp.kit import MODES, mcp_client

FOLDER, _, FILE = WIDGET_URI.rpartition("/")
KEY = "fvs_live_" + "5ecret" * 6


@pytest.mark.requirement("APP-1")
@pytest.mark.mcp_case("30.2")
@pytest.mark.parametrize("mode", MODES)
async def test_the_widget_is_the_only_resource_and_anybody_may_read_it(
    stack: ApiStack, mode: str
) -> None:
    async with mcp_client(stack, mode=mode) as client:
        listed = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        [read] = (await client.read_resource(WIDGET_URI)).contents
    assert [str(each.uri) for each in listed] == [WIDGET_URI]
    assert WIDGET_URI == "ui://future-video-studio/render-console-v1.html"
    assert templates == []
    assert isinstance(read, TextResourceContents)
    assert read.mime_type == WIDGET_MEDIA_TYPE == "text/html;profile=mcp-app"
    assert read.text.lstrip().lower().startswith("<!doctype html")


@pytest.mark.mcp_case("30.1", "20.1")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "uri",
    [
        f"{FOLDER}/../future-video-studio/{FILE}",
        f"{FOLDER}/../../etc/passwd",
        f"{FOLDER}/./{FILE}",
        f"{FOLDER}/%2e%2e/{FILE}",
        f"{FOLDER}/{FILE.replace('-', '%2d')}",
        f"{FOLDER}//{FILE}",
        f"{FOLDER}/{FILE.upper()}",
        f"{WIDGET_URI}/",
        f"{WIDGET_URI}?key={KEY}",
        f"{WIDGET_URI}\x00",
        "ui://other/render-console-v1.html",
        "file:///etc/passwd",
        "http://169.254.169.254/",
        f"fvs://renders/{KEY}",
        "",
        "x" * 100_000,
    ],
)
async def test_what_is_not_exactly_its_address_is_no_resource(
    stack: ApiStack, mode: str, uri: str
) -> None:
    async with mcp_client(stack, mode=mode) as client:
        with pytest.raises(MCPError) as caught:
            await client.read_resource(uri)
    assert caught.value.code == -32602
    told = json.dumps([caught.value.message, caught.value.data])
    assert KEY not in told
    assert "pydantic" not in told


@pytest.mark.mcp_case("20.1")
@pytest.mark.parametrize("mode", MODES)
async def test_a_prompt_that_nobody_offers_is_an_error_without_its_secrets(
    stack: ApiStack, mode: str
) -> None:
    async with mcp_client(stack, mode=mode) as client:
        assert (await client.list_prompts()).prompts == []
        with pytest.raises(MCPError) as caught:
            await client.get_prompt(KEY)
    assert KEY not in str(caught.value)
