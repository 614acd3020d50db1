"""Paying a quote: one payment is claimed, its run is woken, and what came of it is in the row.

Whoever pays, however often and at once, is answered from `studio/quotes/decision.py`. This service
never charges: it waits for the run that does, and says so where that takes longer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Final

import structlog
from sqlalchemy.orm import Session

from gateway.clock import Clock
from gateway.limits import AddressRate
from gateway.services.quote_views import QuoteView
from gateway.services.quotes import Quotes
from gateway.services.threads import Threads
from gateway.services.workflows import PaymentStarter, WorkflowsUnavailable
from studio.contracts.errors import StudioError
from studio.payments.challenges import Credential, is_same_digest
from studio.payments.errors import CredentialError, InvalidChallenge
from studio.quotes.claims import ChallengeUsed, claim_quote
from studio.quotes.decision import Decision, decide, situation_of
from studio.quotes.errors import QuoteClosed, QuoteExpired
from studio.quotes.records import Claim
from studio.quotes.repository import load_with_use
from studio.quotes.tables import ClaimOutcome

OUTCOME_SECONDS_MAX: Final = 20.0
"""How long an answer waits for the card: a charge takes two seconds, and agents wait thirty."""
LOOK_SECONDS: Final = 0.05
LOOK_LATER_SECONDS: Final = 0.25
PATIENCE_SECONDS: Final = 2.0
"""After this long the row is looked at less often: the card is slow, or no worker is there."""
RUN_NOT_WOKEN: Final = "payment claimed but its run not woken; the sweep will"

Wanted = Callable[[], Awaitable[bool]]
"""Whether anybody still waits for the answer."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


class PaymentPending(StudioError):
    """Nobody knows yet what became of a payment: the quote must not be paid again meanwhile."""

    code: ClassVar[str] = "payment_pending"

    def __init__(self) -> None:
        super().__init__(
            "A payment of this quote is still being settled; do not pay again: ask for its status, "
            "or send the same payment again, which is never charged twice."
        )


class PaidByAnother(StudioError):
    """The quote is paid, and not by this payment, which was not charged."""

    code: ClassVar[str] = "quote_already_paid"

    def __init__(self) -> None:
        super().__init__("This quote was already paid with another payment; nothing was charged.")


class ChallengeSpent(StudioError):
    """The challenge was used before, and does not pay again."""

    code: ClassVar[str] = "challenge_spent"

    def __init__(self) -> None:
        super().__init__(
            "A payment was already sent for this challenge; pay the one in this answer. Nothing "
            "was charged."
        )


class PaymentRefused(StudioError):
    """Nothing was charged. `reason` is a word of the closed set, None where the bank wants its
    holder's confirmation.
    """

    code: ClassVar[str] = "payment_refused"

    def __init__(self, outcome: ClaimOutcome, reason: str | None) -> None:
        super().__init__("The payment was refused and nothing was charged.")
        self.outcome = outcome
        self.reason = reason


class BodyChanged(InvalidChallenge):
    """What comes with the payment is not what the quote was made for."""

    code: ClassVar[str] = "body_changed"

    def __init__(self) -> None:
        CredentialError.__init__(
            self,
            "The body is not the one that the quote was made for, byte for byte; nothing was "
            "charged.",
        )


@dataclass(frozen=True)
class PaidQuote:
    """A quote that this payment paid. `is_new`: this very request saw it happen."""

    quote: QuoteView
    is_new: bool


@dataclass(frozen=True)
class _Look:
    """The row as one payment finds it, and what became of its challenge so far."""

    decision: Decision
    is_own: bool
    outcome: ClaimOutcome | None = None
    reason: str | None = None


class Payments:
    """The use case of paying, the same for every surface that takes payments."""

    def __init__(
        self,
        *,
        threads: Threads,
        quotes: Quotes,
        starter: PaymentStarter,
        rate: AddressRate,
        clock: Clock,
    ) -> None:
        self._threads = threads
        self._quotes = quotes
        self._rate = rate
        self._starter = starter
        self._clock = clock
        self._under_way: set[asyncio.Task[bool]] = set()

    def authenticate(self, authorization: str) -> Credential:
        """A payment for a challenge of ours, in time or not. CredentialError's subclasses.

        Its quote's row says whether it is in time, and what it had paid before it was over.
        """
        return self._quotes.setup.challenger.authenticate(authorization)

    async def pay(self, credential: Credential, *, address: str, wanted: Wanted) -> PaidQuote:
        """Have a quote paid once, whoever else pays it, and wait for what comes of it.

        `address` is the caller's, for its rate. Raises UnknownQuote, QuoteExpired, PaidByAnother,
        ChallengeSpent, PaymentRefused, PaymentPending; TooManyPayments and WorkflowsUnavailable
        before anything was changed.
        """
        started = self._clock.monotonic()
        witnessed = is_admitted = False
        while True:
            look = await self._look(credential)
            if look.decision is Decision.CLAIM:
                if not is_admitted:
                    self._rate.take(address)
                    is_admitted = True
                await self._starter.check()
                witnessed = await self._claim(credential) or witnessed
            elif look.decision is Decision.WAIT_OWN and not witnessed:
                witnessed = True
                await self._wake(credential.quote_id)
            elif look.decision in {Decision.WAIT_OWN, Decision.WAIT_OTHER}:
                await self._pause(self._clock.monotonic() - started, wanted)
            else:
                return await self._conclude(credential.quote_id, look, witnessed=witnessed)

    async def close(self) -> None:
        """Wait for claims whose callers have left."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _look(self, credential: Credential) -> _Look:
        now = self._clock.now()

        def read(session: Session) -> _Look:
            row, use = load_with_use(session, credential.quote_id, credential.challenge_id)
            situation = situation_of(
                row,
                use,
                challenge_id=credential.challenge_id,
                credential_hash=credential.credential_hash,
                now=now,
            )
            outcome, reason = (use.outcome, use.reason) if use else (None, None)
            return _Look(decide(situation), situation.is_own, outcome, reason)

        return await self._threads.read(read)

    async def _claim(self, credential: Credential) -> bool:
        """Claim and wake; False if another payment was quicker. A caller who leaves stops neither.

        Claimed and not woken would wait for the sweep.
        """
        task = asyncio.create_task(self._claim_and_wake(credential))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _claim_and_wake(self, credential: Credential) -> bool:
        now, quote_id = self._clock.now(), credential.quote_id
        claim = Claim(
            challenge_id=credential.challenge_id,
            credential_hash=credential.credential_hash,
            sealed_token=self._quotes.setup.seal.seal(credential.token),
        )
        try:
            claimed = await self._threads.write(
                lambda session: claim_quote(session, quote_id, claim, now=now)
            )
        except ChallengeUsed:
            return False
        if claimed:
            await self._wake(quote_id)
        return claimed

    async def _wake(self, quote_id: str) -> None:
        """Have the quote's run look at its row. PaymentPending if Temporal is away meanwhile."""
        try:
            await self._starter.settle((await self._quotes.load(quote_id)).payment)
        except WorkflowsUnavailable as error:
            _log.warning(RUN_NOT_WOKEN, quote_id=quote_id)
            raise PaymentPending from error

    async def _pause(self, waited_seconds: float, wanted: Wanted) -> None:
        """Until the next look. PaymentPending where it has been long enough."""
        if waited_seconds >= OUTCOME_SECONDS_MAX or not await wanted():
            raise PaymentPending
        is_slow = waited_seconds >= PATIENCE_SECONDS
        await self._clock.pause(LOOK_LATER_SECONDS if is_slow else LOOK_SECONDS)

    async def _conclude(self, quote_id: str, look: _Look, *, witnessed: bool) -> PaidQuote:
        """What a payment came to. `witnessed`: this request saw it being settled."""
        if look.decision is Decision.PAID_BY_IT:
            return PaidQuote(await self._quotes.load(quote_id), is_new=witnessed)
        if look.decision is Decision.PAID_BY_ANOTHER:
            raise PaidByAnother
        if look.decision is Decision.CLOSED:
            raise closed_error(await self._quotes.load(quote_id))
        if witnessed and look.is_own and look.outcome is not None:
            raise PaymentRefused(look.outcome, look.reason)
        raise ChallengeSpent


def check_binding(credential: Credential, quote: QuoteView, *, sent_digest: str | None) -> None:
    """Whether a payment is for this quote, and comes with the body that the quote was made for.

    `sent_digest` is that of the body that came with it, None without any. InvalidChallenge,
    BodyChanged.
    """
    digest = quote.render.plan.charges.digest
    asked = (quote.quote_id, quote.amount_cents, quote.currency, digest)
    paid = (
        credential.quote_id,
        credential.amount_cents,
        credential.currency,
        credential.charges_digest,
    )
    if paid != asked:
        raise InvalidChallenge
    for given in (credential.body_digest, sent_digest):
        if given is not None and not is_same_digest(given, quote.body_digest):
            raise BodyChanged


def closed_error(quote: QuoteView) -> QuoteExpired:
    """Why a quote that nobody paid is over."""
    return QuoteClosed() if quote.is_closed_early else QuoteExpired()
