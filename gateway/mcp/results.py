"""What the tools answer: one flat object each, small, and without what does not apply.

The brief is never said again: an agent polls a render hundreds of times, and each answer costs it
its own length.
"""

from collections.abc import Iterable
from typing import Annotated, Final

from mcp.types import CallToolResult, TextContent
from pydantic import AfterValidator, BaseModel, Field, JsonValue

from gateway.mcp.names import CREATE_QUOTE, PAID_RENDER_STATUS, RENDER_STATUS
from gateway.quote_resource import PaidRenderResource, QuoteResource, QuoteStatus
from gateway.resource import ClipResource, RenderResource
from studio.contracts.payment import PaymentState
from studio.contracts.plan import ChargeLine
from studio.contracts.redaction import redact_text
from studio.contracts.status import TERMINAL_STATES, ClipState, RenderState, Stage
from studio.contracts.text import counted

CLIPS_META: Final = "video.future/clips"
"""Each shot with its pictures, for the widget: a model needs none of it."""
LINES_META: Final = "video.future/lines"
"""What a price is made of, likewise."""
POLL_SECONDS: Final = 10
"""A shot takes minutes; who waits with `wait_seconds` may ask again at once."""
POLL_SOON_SECONDS: Final = 3
"""While a run ends, or a payment is settled."""
POLL_UNPAID_SECONDS: Final = 15
"""Until somebody has paid."""
ERROR_LENGTH_MAX: Final = 600
WARNING_LENGTH_MAX: Final = 300
WARNINGS_MAX: Final = 20
PERCENT: Final = 100
MADE_STATES: Final = frozenset({ClipState.COMPLETED, ClipState.REPLACED})

Name = Annotated[str, AfterValidator(redact_text)]
"""Models put keys into names, and what they read goes on into transcripts."""


class PollFields(BaseModel):
    """What every answer about a render ends with."""

    poll_after_seconds: int = Field(description="Ask again after this; 0 when there is no need.")
    next_action: str = Field(description="What to do now, in a sentence.")


class RenderFields(BaseModel):
    """A render, as far as it is there; the fields of the render resource have its meaning."""

    project_id: str | None = None
    name: Name | None = Field(default=None, description="As the caller named it; not instructions.")
    status: str
    current_stage: Stage | None = None
    is_running: bool
    run_id: str | None = None
    final_video_url: str | None = Field(
        default=None, description="Signed; there once completed. Poll again for a fresh one."
    )
    last_error: str | None = None
    asset_count: int | None = None
    clip_count: int | None = Field(default=None, description="How many shots the film has.")
    clips_completed: int | None = None
    status_url: str
    cancel_url: str
    created_at: str | None = None
    updated_at: str | None = None
    finished_at: str | None = None
    progress_percent: int = Field(ge=0, le=PERCENT)
    credits_reserved: int | None = None
    credits_settled: int | None = None
    warnings: list[str]
    revision: int | None = None
    cancel_requested: bool


class RenderResult(PollFields, RenderFields):
    """A render of an account."""

    status: RenderState = Field(description="Terminal: completed, failed, canceled.")


class SubmitResult(RenderResult):
    replayed: bool = Field(description="This very request was submitted before: its render.")


class QuoteFields(BaseModel):
    quote_id: str
    payment_status: PaymentState = Field(description="Where the money is.")
    amount_cents: int
    currency: str
    credits_quoted: int = Field(description="One credit is one US cent.")
    expires_at: str | None = None


class PaidResult(PollFields, RenderFields, QuoteFields):
    """A quote, and its render once it is paid."""

    status: str = Field(
        description="quoted, settling or expired until it is paid; then that of the render."
    )
    payment_url: str | None = Field(default=None, description="There while it can be paid.")
    paid_at: str | None = None
    refund_cents: int | None = None
    refunded_cents: int | None = None


class CancelResult(PollFields, RenderFields):
    """What was canceled, and where a payment for it is."""

    quote_id: str | None = None
    payment_status: PaymentState | None = None
    amount_cents: int | None = None
    currency: str | None = None
    refund_cents: int | None = None
    refunded_cents: int | None = None


class QuoteResult(PollFields, QuoteFields):
    """An offer: nothing is fetched, held or started before it is paid."""

    name: Name
    status: str
    payment_method: str | None = None
    payment_url: str | None = Field(default=None, description="Pay here, with Link.")
    status_url: str = Field(description="Poll this, with fvs_get_paid_render_status.")
    cancel_url: str
    claim_token: str = Field(description="Whoever has it can pay, watch and cancel. Keep it.")
    www_authenticate: str | None = Field(
        default=None, description="The raw Payment challenge of the HTTP 402."
    )
    warnings: list[str]
    replayed: bool


class ErrorProblem(BaseModel):
    pointer: str
    detail: str


class ErrorResult(BaseModel):
    """Why a tool did not do what was asked. `code` is stable."""

    code: str
    message: str
    errors: list[ErrorProblem] | None = None
    use_tool: str | None = None
    retry_after_seconds: int | None = None
    credits_required: int | None = None
    credits_available: int | None = None
    credits_left: int | None = None
    request_id: str | None = None


def answer(result: BaseModel, *, meta: dict[str, JsonValue] | None = None) -> CallToolResult:
    """The same twice: some clients read the text alone, others the structure alone."""
    return CallToolResult(
        content=[_text(result)],
        structured_content=result.model_dump(mode="json", exclude_none=True),
        _meta=meta,
    )


def refusal(error: ErrorResult) -> CallToolResult:
    """As text alone: clients hold what is structured against the tool's schema, errors too.

    MCP, Tools, Output Schema; the TypeScript SDK 1 and the Inspector give up the whole answer.
    """
    return CallToolResult(content=[_text(error)], is_error=True)


def _text(document: BaseModel) -> TextContent:
    return TextContent(type="text", text=document.model_dump_json(exclude_none=True))


def render_result(resource: RenderResource) -> RenderResult:
    ended = resource.status in TERMINAL_STATES
    return RenderResult.model_validate(
        {
            **_render_fields(resource),
            "poll_after_seconds": 0 if ended else _poll_seconds(resource),
            "next_action": _next_action(resource, RENDER_STATUS),
        }
    )


def paid_result(resource: QuoteResource | PaidRenderResource) -> PaidResult:
    if isinstance(resource, QuoteResource):
        return _unpaid_result(resource)
    resting = resource.status in TERMINAL_STATES
    return PaidResult.model_validate(
        {
            **_render_fields(resource),
            **_quote_fields(resource),
            "paid_at": resource.paid_at.isoformat(),
            "refund_cents": resource.refund_cents,
            "refunded_cents": resource.refunded_cents,
            "poll_after_seconds": 0 if resting else _poll_seconds(resource),
            "next_action": _next_action(resource, PAID_RENDER_STATUS),
        }
    )


def clips_meta(clips: list[ClipResource]) -> dict[str, JsonValue]:
    """Of each shot what a page shows: signed addresses among it."""
    return {
        CLIPS_META: [
            {
                "index": clip.index,
                "status": clip.status.value,
                "duration_seconds": clip.duration_seconds,
                "attempts": clip.attempts,
                "thumbnail_url": clip.thumbnail_url,
                "keyframe_url": clip.keyframe_url,
                "video_url": clip.video_url,
                "error": None if clip.error is None else shortened(clip.error, ERROR_LENGTH_MAX),
            }
            for clip in clips
        ]
    }


def lines_meta(lines: Iterable[ChargeLine]) -> dict[str, JsonValue]:
    """A price for a page to show: what each shot costs is one line of all shots together."""
    kinds: dict[str, list[ChargeLine]] = {}
    for line in lines:
        kinds.setdefault(line.line_id.rpartition("/")[2], []).append(line)
    return {
        LINES_META: [
            {"label": _label(kind, alike), "credits": sum(line.credits for line in alike)}
            for kind, alike in kinds.items()
        ]
    }


def _label(kind: str, lines: list[ChargeLine]) -> str:
    if lines[0].shot is None:
        return lines[0].label
    return f"{kind.capitalize()}, {counted(len(lines), 'shot')}"


def shortened(text: str, length_max: int) -> str:
    """Without secrets, and no longer than that."""
    text = redact_text(text)
    return text if len(text) <= length_max else text[: length_max - 1] + "…"


def told_warnings(warnings: list[str]) -> list[str]:
    return [shortened(each, WARNING_LENGTH_MAX) for each in warnings[:WARNINGS_MAX]]


def _render_fields(resource: RenderResource) -> dict[str, object]:
    kept = resource.model_dump(mode="json", include=set(RenderFields.model_fields))
    made = sum(1 for clip in resource.clips if clip.status in MADE_STATES)
    error = resource.last_error
    return kept | {
        "clips_completed": made,
        "progress_percent": int(resource.progress * PERCENT),
        "last_error": None if error is None else shortened(error, ERROR_LENGTH_MAX),
        "warnings": told_warnings(resource.warnings),
    }


def _quote_fields(resource: QuoteResource | PaidRenderResource) -> dict[str, object]:
    return resource.model_dump(mode="json", include=set(QuoteFields.model_fields))


def _poll_seconds(resource: RenderResource) -> int:
    return POLL_SOON_SECONDS if resource.cancel_requested else POLL_SECONDS


def _next_action(resource: RenderResource, status_tool: str) -> str:
    if resource.status == RenderState.COMPLETED:
        if resource.final_video_url is None:
            return f"The film is ready but its link is not: call {status_tool} again in a moment."
        return (
            "The film is ready: give final_video_url to the user. It expires; "
            f"{status_tool} makes a fresh one."
        )
    if resource.status == RenderState.FAILED:
        return "The render failed, last_error says why; what was not delivered is not charged."
    if resource.status == RenderState.CANCELED:
        return "The render is canceled; what was not delivered is not charged."
    if resource.cancel_requested:
        return f"It is ending: call {status_tool} until the status is canceled."
    return (
        f"It is being made: call {status_tool} with wait_seconds 45 until it is completed. Do not "
        "submit it again."
    )


def _unpaid_result(resource: QuoteResource) -> PaidResult:
    seconds, action = {
        QuoteStatus.QUOTED: (
            POLL_UNPAID_SECONDS,
            f"Have payment_url paid, then call {PAID_RENDER_STATUS} until it is completed.",
        ),
        QuoteStatus.SETTLING: (
            POLL_SOON_SECONDS,
            f"A payment is being settled: do not pay again, call {PAID_RENDER_STATUS}.",
        ),
        QuoteStatus.EXPIRED: (
            0,
            f"Nothing was charged; call {CREATE_QUOTE} for a new quote.",
        ),
    }[resource.status]
    kept = resource.model_dump(mode="json", include=set(PaidResult.model_fields))
    return PaidResult.model_validate(
        kept
        | {
            "warnings": told_warnings(resource.warnings),
            "progress_percent": 0,
            "poll_after_seconds": seconds,
            "next_action": action,
        }
    )
