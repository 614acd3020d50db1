"""The payment processor behind its port: Stripe, over its own SDK.

One call of the port is one step at Stripe, with the SDK's retries off: who repeats it is the
workflow, which asks again with the same key. Sources: docs.stripe.com/api/payment_intents, /refunds
and the Machine Payments Protocol's method `stripe`.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, cast

import httpx
import stripe
from stripe import HTTPXClient, InvalidRequestError, StripeClient, StripeError

from studio.payments.errors import (
    PaymentActionRequired,
    PaymentMismatch,
    PaymentUnknown,
    RefundRefused,
)
from studio.payments.ports import ChargeOrder, Payment, Refund, RefundOrder
from studio.payments.refusals import CARD_DECLINED
from studio.payments.stripe_answers import (
    Document,
    charge_failure,
    declined,
    document_of,
    failure,
    known_code,
    metadata_of,
    page_of,
    payment_of,
    refund_of,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stripe.params import PaymentIntentCreateParams, PaymentIntentListParams

API_VERSION: Final = "2026-07-29.preview"
"""The newest version with shared payment tokens on PaymentIntents that still has the parameters
below: from 2026-08-26.preview on `payment_method_types` is refused, and what the SDK of 16.1 sends
by default (2026-10-28.endive) knows no tokens."""

CONNECT_SECONDS_MAX: Final = 5.0
ANSWER_SECONDS_MAX: Final = 40.0
"""A charge waits for the card's bank; Stripe's own clients wait for 80 seconds, but then a repeated
request would come long after whoever pays has stopped waiting."""

PAGE_LENGTH: Final = 100
"""Stripe's largest page."""
PAGES_MAX: Final = 20
SEARCH_DELAY_SECONDS: Final = 3600
"""What is older is found by search: "up to an hour behind during outages"
(docs.stripe.com/search#data-freshness)."""

CLOCK_SLACK_SECONDS: Final = 300
"""Stripe's clock may be behind the gateway's, which dates claims; so far webhooks may be off."""

IDEMPOTENCY_KEY_LENGTH_MAX: Final = 255

TokenPlace = Literal["top_level", "payment_method_data"]

_SUCCEEDED: Final = "succeeded"
_STILL_OPEN: Final = frozenset({"requires_action", "requires_confirmation", "requires_capture"})
_OVER: Final = frozenset({"canceled", "requires_payment_method"})


class StripeProcessor:
    """Implements `Processor`. Make one a process with `open_stripe`."""

    def __init__(self, client: StripeClient, *, token_place: TokenPlace = "top_level") -> None:  # noqa: S107 - a place
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds
        self._token_place: TokenPlace = token_place

    async def charge(self, order: ChargeOrder) -> Payment:
        try:
            answer = await self._intents.create_async(
                cast("PaymentIntentCreateParams", _charge_parameters(order, self._token_place)),
                {"idempotency_key": _charge_key(order)},
            )
        except StripeError as error:
            raise charge_failure(error) from None
        intent = document_of(answer)
        if text(intent, "status") != _SUCCEEDED:
            intent = await self._conclusion(intent)
        payment = payment_of(intent)
        if (payment.amount_cents, payment.currency) != (order.amount_cents, order.currency.lower()):
            raise PaymentMismatch(
                payment.payment_id,
                found=f"{payment.amount_cents} {payment.currency}",
                expected=f"{order.amount_cents} {order.currency.lower()}",
            )
        return payment

    async def find(self, quote_id: str, challenge_id: str, *, since: datetime) -> Payment | None:
        wanted = {"quote_id": quote_id, "challenge_id": challenge_id}
        for payment_id in await self._candidates(wanted, since):
            intent = await self._retrieve(payment_id)
            status = text(intent, "status")
            if status in _STILL_OPEN:
                status = text(await self._cancel(payment_id), "status")
            if status == _SUCCEEDED:
                return payment_of(intent)
            if status not in _OVER:
                raise PaymentUnknown
        return None

    async def refund(self, order: RefundOrder) -> Refund:
        made = await self._made_refund(order)
        if made is not None:
            return made
        try:
            answer = await self._refunds.create_async(
                {
                    "payment_intent": order.payment_id,
                    "amount": order.amount_cents,
                    "reason": "requested_by_customer",
                    "metadata": {"quote_id": order.quote_id, "refund_key": order.key},
                },
                {"idempotency_key": order.key},
            )
        except InvalidRequestError as error:
            return await self._refused_refund(order, error)
        except StripeError as error:
            raise failure(error) from None
        return refund_of(document_of(answer))

    async def refund_of(self, refund_id: str) -> Refund:
        with _asking():
            return refund_of(document_of(await self._refunds.retrieve_async(refund_id)))

    async def _conclusion(self, intent: Document) -> Document:
        """The intent once it has succeeded; what is not over now raises PaymentUnknown.

        The answer to a repeated request is that of the first one, however old, so the intent is
        read anew. One that waits for the card's holder is canceled: an agent cannot confirm it.
        """
        waits_for_holder = text(intent, "status") in _STILL_OPEN
        intent = await self._retrieve(text(intent, "id"))
        if text(intent, "status") in _STILL_OPEN:
            waits_for_holder = True
            intent = await self._cancel(text(intent, "id"))
        status = text(intent, "status")
        if status == _SUCCEEDED:
            return intent
        if status not in _OVER:
            raise PaymentUnknown
        if waits_for_holder:
            raise PaymentActionRequired
        raise declined(CARD_DECLINED)

    async def _retrieve(self, payment_id: str) -> Document:
        if not payment_id:
            raise PaymentUnknown
        with _asking():
            return document_of(await self._intents.retrieve_async(payment_id))

    async def _cancel(self, payment_id: str) -> Document:
        """Only what surely is canceled was surely not charged; a refusal leaves that open."""
        with _asking():
            return document_of(
                await self._intents.cancel_async(payment_id, {"cancellation_reason": "abandoned"})
            )

    async def _candidates(self, wanted: Mapping[str, str], since: datetime) -> list[str]:
        """The payments of one claim: by search, and what search does not know yet by listing.

        Only those made since the claim are listed: at a busy account those of an hour are more than
        can be looked at, and no claim's outcome would be known for as long as it is busy.
        PaymentUnknown where even since then more were made than can be looked at.
        """
        query = " AND ".join(
            f"metadata['{name}']:'{_quoted(value)}'" for name, value in wanted.items()
        )
        with _asking():
            answer = await self._intents.search_async({"query": query, "limit": PAGE_LENGTH})
        found = dict.fromkeys(text(intent, "id") for intent in page_of(answer))
        async for intent in self._recent(int(since.timestamp()) - CLOCK_SLACK_SECONDS):
            metadata = metadata_of(intent)
            if all(metadata.get(name) == value for name, value in wanted.items()):
                found.setdefault(text(intent, "id"))
        return list(found)

    async def _recent(self, created_from: int) -> AsyncIterator[Document]:
        """Payments since then, newest first, until they are older by an hour than the newest."""
        newest: int | None = None
        last = ""
        for _ in range(PAGES_MAX):
            where: PaymentIntentListParams = {
                "limit": PAGE_LENGTH,
                "created": {"gte": created_from},
            }
            if last:
                where["starting_after"] = last
            with _asking():
                answer = await self._intents.list_async(where)
            page = page_of(answer)
            for intent in page:
                yield intent
            if len(page) < PAGE_LENGTH:
                return
            last, created = text(page[-1], "id"), page[-1].get("created")
            first = page[0].get("created")
            if not isinstance(created, int) or not isinstance(first, int):
                raise PaymentUnknown
            newest = first if newest is None else newest
            if created < newest - SEARCH_DELAY_SECONDS:
                return
        raise PaymentUnknown

    async def _made_refund(self, order: RefundOrder) -> Refund | None:
        """The refund of this very key: Stripe forgets keys after a day, and never a refund."""
        for refund in await self._refunds_of(order.payment_id):
            if metadata_of(refund).get("refund_key") == order.key:
                return refund_of(refund)
        return None

    async def _refunds_of(self, payment_id: str) -> list[Document]:
        with _asking():
            answer = await self._refunds.list_async(
                {"payment_intent": payment_id, "limit": PAGE_LENGTH}
            )
        return page_of(answer)

    async def _refused_refund(self, order: RefundOrder, error: InvalidRequestError) -> Refund:
        """What somebody gave back by hand is given back; everything else someone has to look at."""
        if error.code == "charge_already_refunded":
            for refund in await self._refunds_of(order.payment_id):
                if text(refund, "status") in {_SUCCEEDED, "pending"}:
                    return refund_of(refund)
        raise RefundRefused(
            f"The payment processor will not give back {order.amount_cents} cents of "
            f"{order.payment_id} ({known_code(error)}); an operator has to look at it."
        ) from None


@asynccontextmanager
async def open_stripe(
    secret_key: str,
    *,
    base_url: str | None = None,
    token_place: TokenPlace = "top_level",  # noqa: S107 - a place
    answer_seconds_max: float = ANSWER_SECONDS_MAX,
) -> AsyncIterator[StripeProcessor]:
    """A processor for the process; its connections are closed at the end of the block.

    `base_url` is another address than Stripe's, such as a stand-in's.
    """
    connections = stripe_connections(answer_seconds_max)
    try:
        client = stripe_client(secret_key, connections, base_url=base_url)
        yield StripeProcessor(client, token_place=token_place)
    finally:
        await connections.close_async()  # type: ignore[no-untyped-call]  # of the SDK


def stripe_connections(answer_seconds_max: float = ANSWER_SECONDS_MAX) -> HTTPXClient:
    """Connections for one process; whoever makes them closes them."""
    return HTTPXClient(timeout=httpx.Timeout(answer_seconds_max, connect=CONNECT_SECONDS_MAX))


def stripe_client(
    secret_key: str, connections: HTTPXClient, *, base_url: str | None = None
) -> StripeClient:
    """The SDK, quiet, in our version of the API, and without retries of its own."""
    _keep_quiet()
    return StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": base_url} if base_url else {},
        max_network_retries=0,
        http_client=connections,
    )


def _keep_quiet() -> None:
    """The SDK logs whole requests where it is told to, and a payment token is in them.

    What it reads from STRIPE_LOG when it is imported would even go past the logs' redaction. It
    would also make up an id for this machine and keep it in a file.
    """
    stripe.log = None
    stripe._util.STRIPE_LOG = None  # noqa: SLF001 - there is no other way to turn it off
    stripe.enable_telemetry = False
    for name in ("stripe", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _charge_parameters(order: ChargeOrder, place: TokenPlace) -> dict[str, object]:
    return {
        "amount": order.amount_cents,
        "currency": order.currency.lower(),
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {
            "quote_id": order.quote_id,
            "challenge_id": order.challenge_id,
            "charges_digest": order.charges_digest,
        },
        **_token_parameter(order.token, place),
    }


def _token_parameter(token: str, place: TokenPlace) -> dict[str, object]:
    """Where the token goes. The protocol and its libraries send it at the top level, Stripe's API
    reference has it in `payment_method_data`.
    """
    named: dict[str, object] = {"shared_payment_granted_token": token}
    return named if place == "top_level" else {"payment_method_data": named}


def _charge_key(order: ChargeOrder) -> str:
    """One charge a challenge and token, as the protocol asks for. It goes to Stripe only."""
    key = f"mpp_{order.challenge_id}_{order.token}"
    if len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX:
        return key
    return f"mpp_{sha256(key.encode()).hexdigest()}"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


@contextmanager
def _asking() -> "Iterator[None]":
    """A request that changes nothing, or nothing that was not to be: any failure is no answer."""
    try:
        yield
    except StripeError as error:
        raise failure(error) from None
