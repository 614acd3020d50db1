"""The tools that only tell: a request to start from, and the widget."""

from typing import Final

from mcp.types import CallToolResult
from pydantic import BaseModel, Field, JsonValue

from gateway.mcp.calls import ACCOUNT, Arguments, Call, read_arguments
from gateway.mcp.names import (
    BILLING_MODE_HEADER,
    CREATE_QUOTE,
    EXAMPLE_REQUEST,
    OPEN_APP,
    PAY_PER_RENDER,
    SUBMIT_RENDER,
    WIDGET_URI,
)
from gateway.mcp.results import answer
from gateway.mcp.schemas import closed, portable_schema
from gateway.mcp.toolbox import Look, StudioTool, studio_tool
from gateway.openapi import EXAMPLE_REQUEST as API_EXAMPLE
from studio.contracts.base import EdgeModel

CATALOGUE_META: Final = "video.future/catalogue"
"""Styles, models and prices, for the widget's form."""


class NoArguments(EdgeModel):
    """Of tools that take none."""


class ExampleResult(BaseModel):
    request: dict[str, JsonValue] = Field(description="Valid as it is.")
    next_action: str


class AppResult(BaseModel):
    widget_uri: str
    billing_mode: str = Field(description="How a render of this connection would be paid for.")
    submit_tool: str = Field(description="What makes a film in that mode.")
    next_action: str


def guide_tools() -> tuple[StudioTool, ...]:
    nothing = closed(portable_schema(NoArguments) | {"description": "No arguments."})
    example = studio_tool(
        EXAMPLE_REQUEST,
        _example,
        title="Example render request",
        description=(
            f"A complete, valid request for {SUBMIT_RENDER} and {CREATE_QUOTE}, to start from. "
            "Costs nothing and makes nothing."
        ),
        takes=nothing,
        gives=ExampleResult,
        effect="reads",
    )
    return (
        example,
        studio_tool(
            OPEN_APP,
            _open_app,
            title="Open Future Video Studio",
            description=(
                "Open the render console, where the user writes a brief, sees the price and "
                "watches the film being made. Makes no render and costs nothing."
            ),
            takes=nothing,
            gives=AppResult,
            effect="reads",
            look=Look("Opening the studio", "Studio opened"),
        ),
    )


async def _example(_call: Call, arguments: Arguments) -> CallToolResult:
    read_arguments(NoArguments, arguments)
    return answer(
        ExampleResult(
            request=API_EXAMPLE,
            next_action=(
                f"Change it to the user's wishes, then call {SUBMIT_RENDER}, or {CREATE_QUOTE} "
                "without an account's key."
            ),
        )
    )


async def _open_app(call: Call, arguments: Arguments) -> CallToolResult:
    read_arguments(NoArguments, arguments)
    mode = call.billing_mode
    tool = SUBMIT_RENDER if mode == ACCOUNT else CREATE_QUOTE
    catalogue = call.gateway.pricing.describe(call.gateway.clock.now().date())
    paid_how = (
        "with the account's credits"
        if mode == ACCOUNT
        else f"one by one ({BILLING_MODE_HEADER}: {PAY_PER_RENDER})"
    )
    return answer(
        AppResult(
            widget_uri=WIDGET_URI,
            billing_mode=mode,
            submit_tool=tool,
            next_action=f"Films are paid {paid_how}: the console, or {tool}, makes one.",
        ),
        meta={CATALOGUE_META: catalogue.model_dump(mode="json")},
    )
