"""The tools that watch a render or a quote, and the one that ends it."""

from functools import partial
from typing import Final

from mcp.types import CallToolResult

from gateway.mcp.calls import Arguments, Call, read_arguments
from gateway.mcp.errors import WrongTool
from gateway.mcp.names import (
    CANCEL_RENDER,
    CREATE_QUOTE,
    DOWNLOAD_FILM,
    PAID_RENDER_STATUS,
    RENDER_STATUS,
    SUBMIT_RENDER,
)
from gateway.mcp.results import (
    PERCENT,
    CancelResult,
    PaidResult,
    RenderResult,
    answer,
    clips_meta,
    lines_meta,
    paid_result,
    render_result,
)
from gateway.mcp.schemas import closed, portable_schema
from gateway.mcp.targets import (
    AnyTarget,
    PaidTarget,
    RenderTarget,
    WaitSeconds,
    claim_of,
    is_paid_target,
    project_of,
)
from gateway.mcp.toolbox import Look, StudioTool, studio_tool
from gateway.mcp.waiting import Waits, Watch
from gateway.quote_resource import PaidRenderResource
from gateway.routes.answers import resource_of
from gateway.routes.quote_answers import resource_of_paid
from gateway.services.paid_renders import PaidView
from gateway.services.views import RenderView
from studio.accounts.tables import KeyScope
from studio.ingest.errors import InvalidRequest, Problem

TWO_TARGETS: Final = (
    "A render that a quote paid for is canceled by its claim_token or status_url alone: leave "
    "project_id out."
)


class RenderStatusArguments(RenderTarget):
    wait_seconds: WaitSeconds = 0.0


class PaidStatusArguments(PaidTarget):
    wait_seconds: WaitSeconds = 0.0


def status_tools(waits: Waits) -> tuple[StudioTool, ...]:
    return (
        studio_tool(
            RENDER_STATUS,
            partial(_render_status, waits),
            title="Get render status",
            description=(
                f"How far a render of {SUBMIT_RENDER} is, by project_id or status_url, and its "
                "signed final_video_url once it is completed. With wait_seconds 45 one call "
                "replaces many polls. For films paid without an account, use "
                f"{PAID_RENDER_STATUS}."
            ),
            takes=closed(portable_schema(RenderStatusArguments)),
            gives=RenderResult,
            effect="reads",
            look=Look("Looking at the render", "Render status"),
        ),
        studio_tool(
            PAID_RENDER_STATUS,
            partial(_paid_status, waits),
            title="Get paid render status",
            description=(
                f"Whether a quote of {CREATE_QUOTE} is paid, and how far its film is: by "
                "status_url, or by claim_token alone. final_video_url is there once it is "
                "completed. Needs no key."
            ),
            takes=closed(portable_schema(PaidStatusArguments)),
            gives=PaidResult,
            effect="reads",
            look=Look("Looking at the film", "Film status"),
        ),
        studio_tool(
            CANCEL_RENDER,
            _cancel,
            title="Cancel a render",
            description=(
                "End a render that is being made: by project_id or status_url, or by claim_token "
                "where a quote paid for it. What was delivered is kept and charged, the rest is "
                "released or goes back to the card. What has ended stays as it is. Ask the user "
                f"first. Films that are done are not touched: {DOWNLOAD_FILM} saves them."
            ),
            takes=closed(portable_schema(AnyTarget)),
            gives=CancelResult,
            effect="ends",
            look=Look("Canceling the render", "Canceled", shows_widget=False),
        ),
    )


async def _render_status(waits: Waits, call: Call, arguments: Arguments) -> CallToolResult:
    if arguments.keys() & {"claim_token", "quote_id"}:
        raise WrongTool("/claim_token", "Quotes are not watched with this tool", PAID_RENDER_STATUS)
    asked = read_arguments(RenderStatusArguments, arguments)
    owner, renders = call.owner(KeyScope.RENDERS_READ), call.gateway.renders
    project_id = project_of(asked, call)
    first = await renders.get(project_id, owner)
    watch = Watch(
        look=lambda: renders.get(project_id, owner),  # a key may be revoked meanwhile
        is_over=lambda view: view.is_terminal,
        mark=_mark,
        tell=partial(_tell, call),
    )
    view = await waits.until_changed(
        first, watch, owner=first.account_id, seconds=asked.wait_seconds
    )
    resource = await resource_of(call.gateway, view, call.base_url)
    return answer(render_result(resource), meta=clips_meta(resource.clips))


async def _paid_status(waits: Waits, call: Call, arguments: Arguments) -> CallToolResult:
    if "project_id" in arguments:
        raise WrongTool("/project_id", "Projects are not watched with this tool", RENDER_STATUS)
    asked = read_arguments(PaidStatusArguments, arguments)
    call.check_mode()
    claim, paid = claim_of(asked, call), call.gateway.paid_renders
    first = await paid.get(claim.quote_id, claim.claim_token)
    quote_id = first.quote.quote_id
    watch = Watch(
        look=lambda: paid.get(quote_id, claim.claim_token),
        is_over=_is_over,
        mark=_paid_mark,
        tell=partial(_tell_paid, call),
    )
    view = await waits.until_changed(first, watch, owner=quote_id, seconds=asked.wait_seconds)
    return await _paid_answer(call, view, claim.claim_token)


async def _cancel(call: Call, arguments: Arguments) -> CallToolResult:
    target = read_arguments(AnyTarget, arguments)
    if is_paid_target(target, call):
        if target.project_id is not None:
            raise InvalidRequest((Problem("/project_id", TWO_TARGETS),))
        call.check_mode()
        claim = claim_of(target, call)
        view = await call.gateway.paid_renders.cancel(claim.quote_id, claim.claim_token)
        return await _paid_answer(call, view, claim.claim_token, canceled=True)
    owner = call.owner(KeyScope.RENDERS_WRITE)
    canceled = await call.gateway.renders.cancel(project_of(target, call), owner)
    resource = await resource_of(call.gateway, canceled, call.base_url)
    result = CancelResult.model_validate(dict(render_result(resource)))
    return answer(result, meta=clips_meta(resource.clips))


async def _paid_answer(
    call: Call, view: PaidView, claim_token: str, *, canceled: bool = False
) -> CallToolResult:
    resource = await resource_of_paid(call.gateway, call.base_url, view, claim_token)
    result = paid_result(resource)
    if isinstance(resource, PaidRenderResource):
        meta = clips_meta(resource.clips)
    else:
        meta = lines_meta(resource.lines)
    if canceled:
        kept = result.model_dump(include=set(CancelResult.model_fields))
        return answer(CancelResult.model_validate(kept), meta=meta)
    return answer(result, meta=meta)


def _mark(view: RenderView) -> object:
    """What a caller waits for. Every shot that lands would wake it 64 times."""
    return view.snapshot.status, view.snapshot.stage, view.cancel_requested


def _paid_mark(view: PaidView) -> object:
    render = None if view.render is None else _mark(view.render)
    return view.quote.state, view.quote.cancel_requested, render


def _is_over(view: PaidView) -> bool:
    return view.quote.is_over or (view.render is not None and view.render.is_terminal)


async def _tell(call: Call, view: RenderView, waited: float, wanted: float) -> None:
    percent = int(view.snapshot.progress * PERCENT)
    await call.progress(waited, wanted, f"{view.snapshot.stage.value}: {percent}% of the film")


async def _tell_paid(call: Call, view: PaidView, waited: float, wanted: float) -> None:
    if view.render is None:
        await call.progress(waited, wanted, f"{view.quote.state.value}: not paid yet")
    else:
        await _tell(call, view.render, waited, wanted)
