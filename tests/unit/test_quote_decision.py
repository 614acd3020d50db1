"""The table of what to do with a payment for a quote."""

from datetime import UTC, datetime, timedelta

import pytest

from studio.contracts.limits import PAYMENT_ATTEMPTS_MAX
from studio.contracts.payment import UNPAID_STATES, PaymentState
from studio.quotes.decision import Decision, Situation, decide, is_payable, situation_of
from studio.quotes.tables import ChallengeRow, ClaimOutcome, QuoteRow

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PAID_STATES = sorted(set(PaymentState) - UNPAID_STATES)


def quote(state: PaymentState = PaymentState.QUOTED, **changes: object) -> QuoteRow:
    fields: dict[str, object] = {
        "quote_id": "quote_a",
        "state": state,
        "expires_at": NOW + timedelta(seconds=1),
        "attempts": 0,
        "cancel_requested": False,
        "challenge_id": None,
    }
    return QuoteRow(**(fields | changes))


def use(outcome: ClaimOutcome | None = None, **changes: str) -> ChallengeRow:
    fields = {"challenge_id": "challenge", "quote_id": "quote_a", "credential_hash": "mine"}
    return ChallengeRow(**(fields | changes), outcome=outcome)


def decision(row: QuoteRow, used: ChallengeRow | None) -> Decision:
    found = situation_of(row, used, challenge_id="challenge", credential_hash="mine", now=NOW)
    return decide(found)


def test_a_fresh_payment_claims_a_quote_that_can_be_paid() -> None:
    assert decision(quote(), None) is Decision.CLAIM


@pytest.mark.parametrize(
    "row",
    [
        quote(PaymentState.EXPIRED),
        quote(expires_at=NOW),
        quote(attempts=PAYMENT_ATTEMPTS_MAX),
        quote(cancel_requested=True),
    ],
    ids=["expired", "in its last moment", "refused too often", "canceled"],
)
@pytest.mark.parametrize("used", [None, use(ClaimOutcome.DECLINED)], ids=["fresh", "used"])
def test_a_quote_that_is_over_is_closed_to_every_payment(
    row: QuoteRow, used: ChallengeRow | None
) -> None:
    assert not is_payable(row, now=NOW)
    assert decision(row, used) is Decision.CLOSED


@pytest.mark.parametrize(
    "used",
    [
        use(ClaimOutcome.DECLINED),
        use(ClaimOutcome.ACTION_REQUIRED),
        use(ClaimOutcome.DECLINED, credential_hash="another's"),
        use(quote_id="quote_b"),
    ],
    ids=["declined", "to be confirmed", "by another payment", "for another quote"],
)
def test_a_challenge_is_good_for_one_payment(used: ChallengeRow) -> None:
    assert decision(quote(), used) is Decision.USED


def test_a_payment_that_is_being_settled_waits_for_itself() -> None:
    row = quote(PaymentState.SETTLING, challenge_id="challenge")
    assert decision(row, use()) is Decision.WAIT_OWN


@pytest.mark.parametrize(
    ("current", "used"),
    [
        ("another", None),
        ("challenge", use(credential_hash="another's")),
        ("another", use(ClaimOutcome.DECLINED)),
    ],
    ids=["fresh", "the same challenge with another token", "declined before"],
)
def test_whoever_pays_while_another_payment_is_settled_waits_for_that(
    current: str, used: ChallengeRow | None
) -> None:
    row = quote(PaymentState.SETTLING, challenge_id=current)
    assert decision(row, used) is Decision.WAIT_OTHER


@pytest.mark.parametrize("state", PAID_STATES)
@pytest.mark.parametrize("outcome", [ClaimOutcome.PAID, None])
def test_the_payment_that_paid_is_recognised_ever_after(
    state: PaymentState, outcome: ClaimOutcome | None
) -> None:
    row = quote(state, challenge_id="challenge", expires_at=NOW - timedelta(days=30))
    assert decision(row, use(outcome)) is Decision.PAID_BY_IT


@pytest.mark.parametrize("state", PAID_STATES)
@pytest.mark.parametrize(
    "used",
    [None, use(ClaimOutcome.DECLINED), use(ClaimOutcome.PAID, credential_hash="another's")],
    ids=["fresh", "declined before", "the same challenge with another token"],
)
def test_any_other_payment_finds_the_quote_paid(
    state: PaymentState, used: ChallengeRow | None
) -> None:
    assert decision(quote(state, challenge_id="another"), used) is Decision.PAID_BY_ANOTHER


@pytest.mark.parametrize("state", sorted(PaymentState))
def test_nothing_but_an_open_quote_and_a_fresh_challenge_is_ever_claimed(
    state: PaymentState,
) -> None:
    claimed = [
        found
        for payable in (True, False)
        for used in (True, False)
        for own in (True, False)
        for current in (True, False)
        for found in [Situation(state, payable, used, own, current)]
        if decide(found) is Decision.CLAIM
    ]
    unpaid = state in {PaymentState.QUOTED, PaymentState.EXPIRED}
    assert all(found.is_payable and not found.is_used for found in claimed)
    assert bool(claimed) == unpaid
