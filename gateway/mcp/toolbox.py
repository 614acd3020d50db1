"""What a tool of ours is, and how one is described to models and to their hosts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

from mcp.types import CallToolResult, Tool, ToolAnnotations
from pydantic import BaseModel, JsonValue

from gateway.mcp.calls import Arguments, Call
from gateway.mcp.names import WIDGET_URI
from gateway.mcp.schemas import Schema, portable_schema

Run = Callable[[Call, Arguments], Awaitable[CallToolResult]]
Effect = Literal["reads", "makes", "ends", "saves"]

_HINTS: Final[dict[Effect, tuple[bool, bool, bool]]] = {
    # read only, destructive, idempotent
    "reads": (True, False, True),
    "makes": (False, False, False),
    "ends": (False, True, True),
    "saves": (False, True, False),
}


@dataclass(frozen=True)
class Look:
    """How a host shows a call in the widget; its words while it runs and afterwards.

    ChatGPT takes 64 characters of each.
    """

    invoking: str
    invoked: str
    shows_widget: bool = True


@dataclass(frozen=True)
class StudioTool:
    """`run` gets arguments without nulls, and raises errors of the studio's."""

    definition: Tool
    run: Run


def studio_tool(
    name: str,
    run: Run,
    *,
    title: str,
    description: str,
    takes: Schema,
    gives: type[BaseModel],
    effect: Effect,
    is_open_world: bool = False,
    look: Look | None = None,
) -> StudioTool:
    """`is_open_world`: it has others work or be paid, outside of this service."""
    read_only, destructive, idempotent = _HINTS[effect]
    return StudioTool(
        Tool(
            name=name,
            title=title,
            description=description,
            input_schema=takes,
            output_schema=portable_schema(gives),
            annotations=ToolAnnotations(
                title=title,
                read_only_hint=read_only,
                destructive_hint=destructive,
                idempotent_hint=idempotent,
                open_world_hint=is_open_world,
            ),
            _meta=_meta(look) if look else None,
        ),
        run,
    )


def _meta(look: Look) -> dict[str, JsonValue]:
    """Of MCP Apps, and the names that ChatGPT knew before there was that standard."""
    meta: dict[str, JsonValue] = {
        "openai/widgetAccessible": True,
        "openai/toolInvocation/invoking": look.invoking,
        "openai/toolInvocation/invoked": look.invoked,
    }
    if look.shows_widget:
        meta["ui"] = {"resourceUri": WIDGET_URI}
        meta["ui/resourceUri"] = WIDGET_URI
        meta["openai/outputTemplate"] = WIDGET_URI
    return meta
