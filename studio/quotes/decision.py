"""What to do with a payment for a quote: the one table of it, a pure function of the row.

| the quote is | this challenge was never used | used by this very payment | by another payment |
| --- | --- | --- | --- |
| settling | wait for the other one | wait, if it is the one | wait for the other one |
| paid or further | paid by another | it has paid, if it is the one | paid by another |
| over: expired, canceled, tried too often | closed | closed | closed |
| quoted | claim | used up | used up |

Nobody gets a new challenge while it is not known what became of a payment: whoever pays then waits.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from studio.contracts.limits import PAYMENT_ATTEMPTS_MAX
from studio.contracts.payment import UNPAID_STATES, PaymentState
from studio.quotes.tables import ChallengeRow, ClaimOutcome, QuoteRow


class Decision(Enum):
    """`WAIT_OWN` may wake the run as well; `USED` needs another challenge of the same quote."""

    CLAIM = auto()
    WAIT_OWN = auto()
    WAIT_OTHER = auto()
    PAID_BY_IT = auto()
    PAID_BY_ANOTHER = auto()
    USED = auto()
    CLOSED = auto()


@dataclass(frozen=True)
class Situation:
    """A quote as one payment finds it.

    `is_payable`: quoted, in time, not canceled, and not refused too often. `is_used`: a payment was
    sent for this challenge before; `is_own`: and it was this very one; `is_current`: and it is the
    one that is being settled, or that has paid.
    """

    state: PaymentState
    is_payable: bool
    is_used: bool = False
    is_own: bool = False
    is_current: bool = False


def decide(found: Situation) -> Decision:
    """The cell of the table above."""
    is_it = found.is_own and found.is_current
    if found.state is PaymentState.SETTLING:
        return Decision.WAIT_OWN if is_it else Decision.WAIT_OTHER
    if found.state not in UNPAID_STATES:
        return Decision.PAID_BY_IT if is_it else Decision.PAID_BY_ANOTHER
    if not found.is_payable:
        return Decision.CLOSED
    return Decision.USED if found.is_used else Decision.CLAIM


def situation_of(
    row: QuoteRow,
    use: ChallengeRow | None,
    *,
    challenge_id: str,
    credential_hash: str,
    now: datetime,
) -> Situation:
    """How a payment for `challenge_id` finds the quote; `use` is None where that is unused."""
    is_own = (
        use is not None and use.quote_id == row.quote_id and use.credential_hash == credential_hash
    )
    has_paid = use is not None and use.outcome is ClaimOutcome.PAID
    return Situation(
        state=row.state,
        is_payable=is_payable(row, now=now),
        is_used=use is not None,
        is_own=is_own,
        is_current=has_paid or row.challenge_id == challenge_id,
    )


def is_payable(row: QuoteRow, *, now: datetime) -> bool:
    """Whether a payment could claim the quote now; the same conditions as `claim_quote`'s."""
    return (
        row.state is PaymentState.QUOTED
        and row.expires_at > now
        and row.attempts < PAYMENT_ATTEMPTS_MAX
        and not row.cancel_requested
    )
