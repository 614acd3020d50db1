"""A quote: a brief that is priced, frozen and stored, so that whoever pays it gets just that.

Nothing else happens before it is paid: nothing is fetched, held or started.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from gateway.clock import Clock, Ids
from gateway.limits import QUOTE_BYTES_A_TOKEN, AddressRate
from gateway.services.estimates import Pricing
from gateway.services.fingerprint import IdempotencyKeyReused, declared_fingerprint
from gateway.services.freezing import freeze_declared
from gateway.services.payment_setup import MissingSettings, PaymentSetup, require_setup
from gateway.services.quote_views import QuoteView, quote_view
from gateway.services.render_inputs import render_input
from gateway.services.threads import Threads
from studio.accounts.service import new_account_defaults
from studio.contracts.limits import PAYMENT_CENTS_MAX, QUOTE_LIFETIME_SECONDS
from studio.contracts.quote_request import QuoteRequest
from studio.contracts.tokens import is_token
from studio.contracts.workflow_io import RenderInput, Timings
from studio.ingest.strict_json import parse_quote_request
from studio.payments.challenges import Terms, body_digest
from studio.pricing.charges import with_minimum
from studio.pricing.freeze import FrozenRender
from studio.quotes.claim_tokens import (
    CLAIM_TOKEN_PREFIX,
    claim_hash,
    derive_claim_token,
    is_claim_of,
    rederive,
)
from studio.quotes.errors import QuoteConflict, QuoteTooDear, UnknownQuote
from studio.quotes.records import NewQuote
from studio.quotes.repository import (
    find_by_idempotency_hash,
    forget_idempotency_hash,
    insert_quote,
    load_by_claim_hash,
    load_quote,
)

QUOTE_LIFETIME: Final = timedelta(seconds=QUOTE_LIFETIME_SECONDS)
WAIT_IGNORED: Final = (
    "wait_for_completion_seconds has no effect in a quote: poll its status_url once it is paid."
)


@dataclass(frozen=True)
class Caller:
    """Who asks for a quote without an account. `address` is for limits and hashes only."""

    address: str = field(repr=False)
    idempotency_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Offer:
    """A quote and what its caller may know of it. `replayed`: this very request made it before."""

    quote: QuoteView
    claim_token: str = field(repr=False)
    replayed: bool = False


class Quotes:
    """Makes quotes, finds them again, and says what is to be paid for them."""

    def __init__(
        self,
        *,
        threads: Threads,
        payments: PaymentSetup | MissingSettings,
        pricing: Pricing,
        rate: AddressRate,
        clock: Clock,
        ids: Ids,
        timings: Timings,
    ) -> None:
        self._threads = threads
        self._payments = payments
        self._pricing = pricing
        self._rate = rate
        self._clock = clock
        self._ids = ids
        self._timings = timings

    @property
    def setup(self) -> PaymentSetup:
        """PaymentsNotConfigured where something for it is missing."""
        return require_setup(self._payments)

    def require_setup(self) -> None:
        """PaymentsNotConfigured, before a caller is told anything else."""
        require_setup(self._payments)

    async def create(self, body: bytes, caller: Caller) -> Offer:
        """Price a body and store the quote; the same one where the caller's key made it before.

        Raises InvalidRequest and the rest of ingest's tree, RequestInfeasible, QuoteTooDear,
        TooManyQuotes, IdempotencyKeyReused and PaymentsNotConfigured, each with nothing kept.
        """
        secret = self.setup.secrets[0]
        digest, key_hash = body_digest(body), _key_hash(caller)
        known = await self._replay(key_hash, digest)
        if known is not None:
            return known
        self._rate.take(caller.address, 1 + len(body) // QUOTE_BYTES_A_TOKEN)
        wanted = parse_quote_request(body)
        frozen = self._freeze(wanted)
        quote_id = self._ids.quote()
        token = derive_claim_token(quote_id, secret)
        new = NewQuote(
            quote_id=quote_id,
            request=frozen.request,
            upload_urls=wanted.upload_urls,
            workflow_input=self._render_input(quote_id, frozen, len(wanted.upload_urls)),
            currency=self.setup.currency,
            body_digest=digest,
            fingerprint=declared_fingerprint(wanted),
            claim_hash=claim_hash(token),
            idempotency_hash=key_hash,
            expires_at=_end_of(self._clock.now()),
        )
        try:
            return Offer(await self._insert(new), token)
        except QuoteConflict:  # two of the same at once: the other one won
            known = await self._replay(key_hash, digest)
            if known is None:
                raise
            return known

    async def load(self, quote_id: str) -> QuoteView:
        """A quote as it is now, for whoever proved that it is theirs. UnknownQuote."""
        now = self._clock.now()
        return await self._threads.read(
            lambda session: quote_view(load_quote(session, quote_id), now=now)
        )

    async def claimed(self, quote_id: str | None, claim_token: str) -> QuoteView:
        """A quote for whoever shows its claim token, which alone is enough to find it.

        UnknownQuote, whatever is wrong.
        """
        quote = await (self._find(claim_token) if quote_id is None else self.load(quote_id))
        if not is_claim_of(claim_token, quote.claim_hash):
            raise UnknownQuote
        return quote

    async def _find(self, claim_token: str) -> QuoteView:
        if not is_token(CLAIM_TOKEN_PREFIX, claim_token):
            raise UnknownQuote
        now, stored_hash = self._clock.now(), claim_hash(claim_token)
        return await self._threads.read(
            lambda session: quote_view(load_by_claim_hash(session, stored_hash), now=now)
        )

    def claim_token(self, quote: QuoteView) -> str:
        """The token again, for whoever proved with a challenge of ours that the quote is theirs.

        UnknownQuote where it was made with a secret that is gone.
        """
        token = rederive(quote.quote_id, self.setup.secrets, quote.claim_hash)
        if token is None:
            raise UnknownQuote
        return token

    def challenge(self, quote: QuoteView, *, with_body: bool) -> str:
        """A new challenge for the quote, bound to its body where that will be sent again."""
        terms = Terms(
            quote_id=quote.quote_id,
            amount_cents=quote.amount_cents,
            currency=quote.currency,
            charges_digest=quote.render.plan.charges.digest,
            expires_at=quote.expires_at,
            body_digest=quote.body_digest if with_body else None,
            description=quote.render.name,
        )
        return self.setup.challenger.challenge(terms, nonce=self._ids.nonce())

    async def _replay(self, key_hash: str | None, digest: str) -> Offer | None:
        """What the caller's key made before, unless it is over: then the key is good for more."""
        if key_hash is None:
            return None
        now = self._clock.now()

        def read(session: Session) -> QuoteView | None:
            row = find_by_idempotency_hash(session, key_hash)
            return None if row is None else quote_view(row, now=now)

        quote = await self._threads.read(read)
        if quote is None or quote.is_over:
            return None
        if quote.body_digest != digest:
            raise IdempotencyKeyReused
        return Offer(quote, self.claim_token(quote), replayed=True)

    def _freeze(self, wanted: QuoteRequest) -> FrozenRender:
        """The plan with the charges of a quote. RequestInfeasible, QuoteTooDear."""
        today = self._clock.now().date()
        frozen = freeze_declared(self._pricing, wanted, new_account_defaults(), today=today)
        charges = with_minimum(frozen.plan.charges)
        if charges.total_credits > PAYMENT_CENTS_MAX:
            raise QuoteTooDear(amount_cents=charges.total_credits, cents_max=PAYMENT_CENTS_MAX)
        ignored = (WAIT_IGNORED,) if wanted.request.wait_for_completion_seconds else ()
        warnings = (*frozen.plan.warnings, *ignored)
        plan = frozen.plan.model_copy(update={"charges": charges, "warnings": warnings})
        return frozen.model_copy(update={"plan": plan})

    def _render_input(self, quote_id: str, frozen: FrozenRender, upload_count: int) -> RenderInput:
        """Of the render that is made once the quote is paid; its owner is the quote."""
        return render_input(
            frozen,
            project_id=self._ids.project(),
            account_id=quote_id,
            timings=self._timings,
            asset_count=upload_count,
            fetch_count=upload_count,
        )

    async def _insert(self, new: NewQuote) -> QuoteView:
        now = self._clock.now()

        def work(session: Session) -> QuoteView:
            if new.idempotency_hash is not None:
                _free_key(session, new.idempotency_hash, now=now)
            return quote_view(insert_quote(session, new, now=now), now=now)

        return await self._threads.write(work)


def _free_key(session: Session, key_hash: str, *, now: datetime) -> None:
    """Take a key from a quote that is over. One that can still be paid keeps it, and conflicts."""
    row = find_by_idempotency_hash(session, key_hash)
    if row is not None and quote_view(row, now=now).is_over:
        forget_idempotency_hash(session, key_hash)


def _end_of(now: datetime) -> datetime:
    """When a quote of now ends, to the second: clients of the scheme read no fractions."""
    return (now + QUOTE_LIFETIME).replace(microsecond=0)


def _key_hash(caller: Caller) -> str | None:
    """The key as it is stored: two callers may well use the same one."""
    if caller.idempotency_key is None:
        return None
    return hashlib.sha256(f"{caller.address}\0{caller.idempotency_key}".encode()).hexdigest()
