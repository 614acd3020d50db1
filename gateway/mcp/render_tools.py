"""The tools that take a brief: a render for an account, and a quote without one."""

from typing import Annotated, Final

from mcp.types import CallToolResult
from pydantic import Field, JsonValue

from gateway.mcp.calls import Arguments, Call, body_of
from gateway.mcp.names import (
    CREATE_QUOTE,
    EXAMPLE_REQUEST,
    PAID_RENDER_STATUS,
    RENDER_STATUS,
    SUBMIT_RENDER,
)
from gateway.mcp.request_schema import brief_schema
from gateway.mcp.results import (
    POLL_UNPAID_SECONDS,
    QuoteResult,
    SubmitResult,
    answer,
    clips_meta,
    lines_meta,
    paid_result,
    render_result,
    told_warnings,
)
from gateway.mcp.toolbox import Look, StudioTool, studio_tool
from gateway.routes.answers import resource_of
from gateway.routes.quote_answers import resource_of_paid
from gateway.services.fingerprint import check_idempotency_key
from gateway.services.links import paid_cancel_url, paid_status_url, payment_url
from gateway.services.quotes import Caller, Offer
from studio.accounts.tables import KeyScope
from studio.contracts.base import EdgeModel
from studio.contracts.limits import IDEMPOTENCY_KEY_LENGTH_MAX
from studio.contracts.redaction import redact_text
from studio.ingest.errors import InvalidRequest, Problem

PAYMENT_METHOD: Final = "stripe_mpp"
"""As the API's 402 names it."""
WAIT_IGNORED: Final = (
    f"wait_for_completion_seconds has no effect here: call {RENDER_STATUS} with wait_seconds."
)

NO_CREDENTIAL: Final = (
    "idempotency_key looks like a credential. Any text of your own will do, and no key or token."
)


class IdempotencyArgument(EdgeModel):
    idempotency_key: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=IDEMPOTENCY_KEY_LENGTH_MAX,
            description=(
                "Any text of your own, new for each film. The same call with the same key gives "
                "the same render, so a retry never pays twice."
            ),
        ),
    ] = None


def render_tools() -> tuple[StudioTool, ...]:
    takes = brief_schema(IdempotencyArgument)
    return (
        studio_tool(
            SUBMIT_RENDER,
            _submit,
            title="Submit a render",
            description=(
                "Start making a film from a brief, paid with the credits of the account whose key "
                "this connection sends. Answers at once with project_id and status_url; the film "
                f"takes minutes: poll {RENDER_STATUS}. Do not call it again because an answer was "
                "slow or lost, unless with the same idempotency_key. Without a key, use "
                f"{CREATE_QUOTE}. {EXAMPLE_REQUEST} gives a valid request to start from. Files go "
                "as public https addresses in upload_urls."
            ),
            takes=takes,
            gives=SubmitResult,
            effect="makes",
            is_open_world=True,
            look=Look("Submitting the render", "Render submitted"),
        ),
        studio_tool(
            CREATE_QUOTE,
            _create_quote,
            title="Create a paid render quote",
            description=(
                "Price a film for somebody without an account or key. Answers with the amount, a "
                "payment_url (Link, or any client of the Machine Payments Protocol), the raw "
                "www_authenticate challenge, and a claim_token. Nothing is charged or made until "
                f"it is paid, within 30 minutes. Then poll {PAID_RENDER_STATUS}. Show the user "
                "the amount before paying."
            ),
            takes=takes,
            gives=QuoteResult,
            effect="makes",
            is_open_world=True,
            look=Look("Pricing the film", "Quote ready"),
        ),
    )


async def _submit(call: Call, arguments: Arguments) -> CallToolResult:
    principal = await call.principal(KeyScope.RENDERS_WRITE)
    key = check_idempotency_key(_taken_key(arguments))
    submitted = await call.gateway.submissions.submit_declared(
        principal, body_of(arguments), idempotency_key=key
    )
    resource = await resource_of(call.gateway, submitted.view, call.base_url)
    result = render_result(resource)
    ignored = [WAIT_IGNORED] if submitted.wait_seconds else []
    return answer(
        SubmitResult.model_validate(
            {
                **dict(result),
                "warnings": told_warnings([*ignored, *resource.warnings]),
                "replayed": submitted.replayed,
            }
        ),
        meta=clips_meta(resource.clips),
    )


async def _create_quote(call: Call, arguments: Arguments) -> CallToolResult:
    call.check_mode()
    quotes = call.gateway.quotes
    quotes.require_setup()
    key = check_idempotency_key(_taken_key(arguments))
    offer = await quotes.create(body_of(arguments), Caller(call.address, key))
    if not offer.quote.is_payable:
        return answer(await _standing(call, offer))
    told = _offer(call, offer, quotes.challenge(offer.quote, with_body=False))
    return answer(told, meta=lines_meta(offer.quote.lines))


def _taken_key(arguments: Arguments) -> str | None:
    """Take the key out: the rest is a body as the API knows it."""
    key: JsonValue = arguments.pop("idempotency_key", None)
    if key is None:
        return None
    if not isinstance(key, str):
        raise InvalidRequest((Problem("/idempotency_key", "idempotency_key must be text."),))
    if redact_text(key) != key:  # it is stored as it is
        raise InvalidRequest((Problem("/idempotency_key", NO_CREDENTIAL),))
    return key


def _offer(call: Call, offer: Offer, challenge: str) -> QuoteResult:
    quote, token = offer.quote, offer.claim_token
    place = (call.base_url, quote.quote_id, token)
    dollars = f"${quote.amount_cents / 100:,.2f}"
    return QuoteResult(
        quote_id=quote.quote_id,
        name=quote.name,
        status="quoted",
        payment_status=quote.state,
        payment_method=PAYMENT_METHOD,
        amount_cents=quote.amount_cents,
        currency=quote.currency,
        credits_quoted=quote.render.plan.charges.total_credits,
        expires_at=quote.expires_at.isoformat(),
        payment_url=payment_url(*place),
        status_url=paid_status_url(*place),
        cancel_url=paid_cancel_url(*place),
        claim_token=token,
        www_authenticate=challenge,
        warnings=told_warnings(list(quote.render.plan.warnings)),
        replayed=offer.replayed,
        poll_after_seconds=POLL_UNPAID_SECONDS,
        next_action=(
            f"The film costs {dollars}. Once the user agrees, have payment_url paid with Link, "
            f"then call {PAID_RENDER_STATUS} with status_url or claim_token."
        ),
    )


async def _standing(call: Call, offer: Offer) -> QuoteResult:
    """A quote that was made before by this very call, and that is paid or being paid."""
    view = await call.gateway.paid_renders.view(offer.quote)
    resource = await resource_of_paid(call.gateway, call.base_url, view, offer.claim_token)
    now = paid_result(resource)
    return QuoteResult.model_validate(
        {
            **now.model_dump(include=set(QuoteResult.model_fields)),
            "payment_url": None,
            "claim_token": offer.claim_token,
            "replayed": True,
        }
    )
