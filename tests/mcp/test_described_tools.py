"""How the tools describe themselves: schemas that every client takes, hints, the widget."""

import json
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, Tool

from gateway.dependencies import Gateway
from gateway.mcp.mounting import studio_server
from gateway.mcp.names import TOOLS, WIDGET_URI
from gateway.mcp.request_schema import DESCRIPTIONS, NO_EFFECT
from studio.contracts.request import RenderRequest
from tests.api.kit import BRIEF, ApiStack
from tests.api.quote_kit import BODY, Till
from tests.mcp.kit import MODES, called, mcp_client

FORBIDDEN = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "title"}
DESCRIPTION_LENGTH_MAX = 1024
"""Where several clients cut a description off."""
STATUS_LENGTH_MAX = 64
"""Of ChatGPT's words while a tool runs."""
HINTS = {
    # read only, destructive, idempotent, open world
    "fvs_submit_render": (False, False, False, True),
    "fvs_create_paid_render_quote": (False, False, False, True),
    "fvs_get_render_status": (True, False, True, False),
    "fvs_get_paid_render_status": (True, False, True, False),
    "fvs_cancel_render": (False, True, True, False),
    "fvs_download_final_video": (False, True, False, True),
    "fvs_example_render_request": (True, False, True, False),
    "fvs_open_chatgpt_app": (True, False, True, False),
}
WITHOUT_WIDGET = {"fvs_cancel_render", "fvs_download_final_video", "fvs_example_render_request"}
NOT_THE_WIDGETS = WITHOUT_WIDGET - {"fvs_cancel_render"}


async def tools_of(stack: ApiStack) -> list[Tool]:
    server = studio_server(Gateway(stack.dependencies))
    async with Client(server) as client:
        return (await client.list_tools()).tools


def schemas_in(node: object, *, in_properties: bool = False) -> Iterator[dict[str, object]]:
    """Every schema in a schema; names of properties are no keywords."""
    if isinstance(node, list):
        for each in node:
            yield from schemas_in(each)
    if isinstance(node, dict):
        if not in_properties:
            yield node
        for key, value in node.items():
            if key not in {"default", "enum", "required"} or in_properties:
                is_names = key == "properties" and not in_properties
                yield from schemas_in(value, in_properties=is_names)


@pytest.mark.mcp_case("28.1", "28.2")
async def test_the_tools_are_the_references_in_its_order_for_everybody(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack) as client, mcp_client(stack, key) as other:
        listed = await client.list_tools()
        assert listed == await other.list_tools()
    names = [tool.name for tool in listed.tools]
    assert [name for name in TOOLS if name in names] == names
    assert set(TOOLS) - set(names) <= {"fvs_download_final_video"}
    assert (listed.ttl_ms, listed.cache_scope) == (300_000, "public")


async def test_schemas_refer_to_nothing_and_leave_nothing_open(stack: ApiStack) -> None:
    for tool in await tools_of(stack):
        for schema in (tool.input_schema, tool.output_schema):
            assert schema is not None
            Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
            for part in schemas_in(schema):
                assert part, tool.name
                assert part.keys().isdisjoint(FORBIDDEN), (tool.name, part)
                assert part.get("type") != "null"
                assert "default" not in part or part["default"] is not None
        for part in schemas_in(tool.input_schema):
            if part.get("type") == "object":
                assert part["additionalProperties"] is False, (tool.name, part)


async def test_every_argument_says_what_it_is_for(stack: ApiStack) -> None:
    assert set(DESCRIPTIONS) == set(RenderRequest.model_fields) - NO_EFFECT
    for tool in await tools_of(stack):
        for name, argument in tool.input_schema["properties"].items():
            if name != "request":
                assert argument["description"], (tool.name, name)
    request = (await tools_of(stack))[0].input_schema["properties"]["request"]
    assert all(each["description"] for each in request["properties"].values())


@pytest.mark.mcp_case("23.4")
async def test_the_hints_are_all_said_and_true(stack: ApiStack) -> None:
    tools = await tools_of(stack)
    assert {tool.name for tool in tools} <= set(HINTS)
    for tool in tools:
        hints = tool.annotations
        assert hints is not None
        assert (
            hints.read_only_hint,
            hints.destructive_hint,
            hints.idempotent_hint,
            hints.open_world_hint,
        ) == HINTS[tool.name]
        assert tool.title
        assert tool.description
        assert len(tool.description) <= DESCRIPTION_LENGTH_MAX


@pytest.mark.requirement("APP-2")
async def test_the_render_tools_name_the_widget_to_both_kinds_of_hosts(stack: ApiStack) -> None:
    for tool in await tools_of(stack):
        meta = tool.meta or {}
        if tool.name not in WITHOUT_WIDGET:
            assert meta["ui"] == {"resourceUri": WIDGET_URI}
            assert meta["openai/outputTemplate"] == WIDGET_URI
        else:
            assert "ui" not in meta
        if tool.name not in NOT_THE_WIDGETS:
            assert meta["openai/widgetAccessible"] is True
            for when in ("invoking", "invoked"):
                words = meta[f"openai/toolInvocation/{when}"]
                assert 0 < len(words) <= STATUS_LENGTH_MAX


@pytest.mark.requirement("MCP-9")
async def test_the_example_is_valid_as_it_is(stack: ApiStack, till: Till) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        example = await called(client, "fvs_example_render_request")
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        submitted = await called(client, "fvs_submit_render", request=example["request"])
        quoted = await called(client, "fvs_create_paid_render_quote", request=example["request"])
    schema = listed["fvs_submit_render"].input_schema
    Draft202012Validator(schema).validate({"request": example["request"]})
    assert (submitted["clip_count"], quoted["status"]) == (3, "quoted")
    assert till.charges == {}


@pytest.mark.requirement("MCP-10")
async def test_opening_the_app_makes_nothing_and_says_how_films_are_paid(stack: ApiStack) -> None:
    key = stack.open_account()
    async with mcp_client(stack, key) as client:
        with_key = await client.call_tool("fvs_open_chatgpt_app", {})
    async with mcp_client(stack) as client:
        without = await called(client, "fvs_open_chatgpt_app")
    assert with_key.structured_content is not None
    assert with_key.structured_content["submit_tool"] == "fvs_submit_render"
    assert with_key.structured_content["widget_uri"] == WIDGET_URI
    assert with_key.meta is not None
    assert "realistic_cinematic" in json.dumps(with_key.meta["video.future/catalogue"])
    assert without["billing_mode"] == "pay-per-render"
    assert without["submit_tool"] == "fvs_create_paid_render_quote"
    assert (stack.available(), stack.workflows.started) == (1000, {})


async def test_what_tools_answer_is_what_they_say_they_answer(stack: ApiStack, till: Till) -> None:
    """The SDK's client checks each result against its schema; here nothing else may be in it."""
    key = stack.open_account()
    till.begins = True
    async with mcp_client(stack, key) as client:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}

        async def check(tool: str, **arguments: object) -> dict[str, object]:
            told = await called(client, tool, **arguments)
            schema = schemas[tool]
            assert schema is not None
            Draft202012Validator({**schema, "additionalProperties": False}).validate(told)
            return told

        project_id = (await check("fvs_submit_render", request=BRIEF))["project_id"]
        await check("fvs_get_render_status", project_id=project_id)
        await check("fvs_cancel_render", project_id=project_id)
        token = (await check("fvs_create_paid_render_quote", **BODY))["claim_token"]
        await check("fvs_get_paid_render_status", claim_token=token)
        await check("fvs_cancel_render", claim_token=token)
        await check("fvs_example_render_request")
        await check("fvs_open_chatgpt_app")


@pytest.mark.mcp_case("20.2")
async def test_a_tool_without_arguments_takes_none(stack: ApiStack) -> None:
    async with mcp_client(stack) as client:
        result = await client.call_tool("fvs_open_chatgpt_app", {"theme": "SECRET"})
    assert result.is_error
    assert "SECRET" not in str(result)


@pytest.mark.parametrize("mode", MODES)
async def test_to_ask_for_a_prompt_is_the_callers_error_for_there_is_none(
    stack: ApiStack, mode: str
) -> None:
    async with mcp_client(stack, mode=mode) as client:
        assert (await client.list_prompts()).prompts == []
        with pytest.raises(MCPError) as refusal:
            await client.get_prompt("SECRET")
    assert refusal.value.code == INVALID_PARAMS
    assert "SECRET" not in str(refusal.value)
