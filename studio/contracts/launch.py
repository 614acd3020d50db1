"""How a render's workflow is started: the same from the gateway and from the sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from studio.contracts.names import (
    CANCEL_SIGNAL,
    CLAIMED_SIGNAL,
    PAYMENT_EVENT_SIGNAL,
    SEARCH_ACCOUNT,
    SEARCH_CREDITS,
    SEARCH_MODE,
    SEARCH_STAGE,
    SEARCH_STATUS,
    SEARCH_VIDEO_MODEL,
    paid_render_workflow_id,
)
from studio.contracts.payment import PaidRenderInput, PaymentEvent, PaymentState
from studio.contracts.status import RenderState, Stage
from studio.contracts.text import counted
from studio.contracts.workflow_io import RenderInput

ACCOUNT_KEY = SearchAttributeKey.for_keyword(SEARCH_ACCOUNT)
MODE_KEY = SearchAttributeKey.for_keyword(SEARCH_MODE)
STAGE_KEY = SearchAttributeKey.for_keyword(SEARCH_STAGE)
STATUS_KEY = SearchAttributeKey.for_keyword(SEARCH_STATUS)
VIDEO_MODEL_KEY = SearchAttributeKey.for_keyword(SEARCH_VIDEO_MODEL)
CREDITS_KEY = SearchAttributeKey.for_int(SEARCH_CREDITS)

SUMMARY_NAME_LENGTH_MAX = 80
"""The Temporal UI cuts labels after about 120 characters."""


@dataclass(frozen=True)
class LaunchOptions:
    """What operators see of a run before it has done anything. Never a text of the brief."""

    static_summary: str
    static_details: str
    memo: dict[str, Any]
    search_attributes: TypedSearchAttributes


def launch_options(render: RenderInput) -> LaunchOptions:
    """Summary, details, memo and search attributes of a render's workflow."""
    plan = render.plan
    seconds = film_duration_seconds(render)
    name = " ".join(render.name.split())[:SUMMARY_NAME_LENGTH_MAX]
    shots, total_credits = counted(len(plan.shots), "shot"), plan.charges.total_credits
    facts = {
        "Mode": render.mode.value,
        "Shots": f"{len(plan.shots)}, {seconds:g} s",
        "Video": f"{plan.models.video.used}, {plan.video_resolution}",
        "Keyframes": f"{plan.models.image.used}, {plan.image_resolution}",
        "Uploads": str(render.asset_count),
        "Credits held": f"{total_credits} (prices {plan.charges.price_version})",
    }
    return LaunchOptions(
        static_summary=f"{name} - {shots}, {seconds:g} s, {total_credits} credits",
        static_details="\n".join(f"- **{label}**: {value}" for label, value in facts.items()),
        memo={
            "name": name,
            "mode": render.mode.value,
            "shots": len(plan.shots),
            "seconds": seconds,
            "charges_digest": plan.charges.digest,
        },
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(ACCOUNT_KEY, render.account_id),
                SearchAttributePair(MODE_KEY, render.mode.value),
                SearchAttributePair(STAGE_KEY, Stage.INPUT.value),
                SearchAttributePair(STATUS_KEY, RenderState.QUEUED.value),
                SearchAttributePair(VIDEO_MODEL_KEY, plan.models.video.used),
                SearchAttributePair(CREDITS_KEY, total_credits),
            ]
        ),
    )


class StartArguments(TypedDict):
    """Keyword arguments of the client's `start_workflow`."""

    id: str
    id_conflict_policy: WorkflowIDConflictPolicy
    id_reuse_policy: WorkflowIDReusePolicy
    memo: dict[str, Any]
    search_attributes: TypedSearchAttributes
    static_summary: str
    static_details: str
    start_signal: str | None
    start_signal_args: Sequence[Any]


def start_arguments(render: RenderInput, *, cancel_reason: str | None = None) -> StartArguments:
    """Start a render once, however often and by whomever; with a reason, to be canceled at once.

    A second start finds the run that is open, and is refused where it has closed.
    """
    options = launch_options(render)
    return StartArguments(
        id=render.project_id,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        memo=options.memo,
        search_attributes=options.search_attributes,
        static_summary=options.static_summary,
        static_details=options.static_details,
        start_signal=CANCEL_SIGNAL if cancel_reason is not None else None,
        start_signal_args=[cancel_reason] if cancel_reason is not None else [],
    )


def payment_start_arguments(
    payment: PaidRenderInput, *, event: PaymentEvent | None = None
) -> StartArguments:
    """Have a quote's run look at its row, or at an event: the open one, or one that is started.

    A run that has closed is followed by another: everything is decided by the row.
    """
    dollars = f"${payment.amount_cents / 100:,.2f}"
    name = " ".join(payment.name.split())[:SUMMARY_NAME_LENGTH_MAX]
    return StartArguments(
        id=paid_render_workflow_id(payment.quote_id),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        memo={
            "name": name,
            "project_id": payment.project_id,
            "amount_cents": payment.amount_cents,
            "charges_digest": payment.charges_digest,
        },
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(ACCOUNT_KEY, payment.quote_id),
                SearchAttributePair(STATUS_KEY, PaymentState.SETTLING.value),
                SearchAttributePair(CREDITS_KEY, payment.amount_cents),
            ]
        ),
        static_summary=f"{name} - paid quote, {dollars}",
        static_details=f"- **Render**: {payment.project_id}\n- **Price**: {dollars}",
        start_signal=CLAIMED_SIGNAL if event is None else PAYMENT_EVENT_SIGNAL,
        start_signal_args=[] if event is None else [event],
    )


def film_duration_seconds(render: RenderInput) -> float:
    """The length of the finished film, in seconds."""
    return sum(shot.frames for shot in render.plan.shots) / render.plan.frames_per_second
