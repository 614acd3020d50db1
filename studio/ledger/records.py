"""What the ledger answers. All amounts are whole credits."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from studio.ledger.tables import Phase, TransferCode


@dataclass(frozen=True)
class Balance:
    """A wallet at one moment: `available == granted - spent - held`.

    `granted` is everything that ever came in: top-ups, refunds, and payouts that came back.
    `spent` is everything that ever left: charges, payouts, and gifts that ended. Both only grow.
    How much was paid out is no counter of a wallet; `cash` sums it up. `promotional` is the part
    of `available` that was given and not bought: it is spent first. What of it has just ended is
    in both until the next sweep, but can no longer be spent.
    """

    available: int
    held: int
    spent: int
    granted: int
    promotional: int = 0


@dataclass(frozen=True)
class Grant:
    """Credits that were given. `remaining` is neither held, spent nor ended."""

    grant_id: str
    credits: int
    remaining: int
    reason: str
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Cash:
    """What went between a wallet and whoever pays for its credits.

    `topped_up` is all payments, `paid_out` everything sent back to a card, and
    `returned` what of that the bank did not deliver.
    """

    topped_up: int
    paid_out: int
    returned: int

    @property
    def kept(self) -> int:
        """What we still have of it. Of a wallet with one payment this is what the payment
        service received for it, less what it refunded.
        """
        return self.topped_up - self.paid_out + self.returned


@dataclass(frozen=True)
class SubjectSummary:
    """A render's money: `reserved == settled + open + released`.

    `reserved` is what was held at the start and never shrinks. `released` counts what was voided,
    what expired, and what a partial settlement gave back. Refunds do not lower `settled`.
    """

    reserved: int
    settled: int
    open: int
    released: int


class LineState(StrEnum):
    """What became of a hold. `released` too where it expired."""

    HELD = "held"
    SETTLED = "settled"
    RELEASED = "released"


@dataclass(frozen=True)
class LineReceipt:
    """One line's money: what was held for it, and what of that was charged."""

    line_id: str
    state: LineState
    held: int
    charged: int


@dataclass(frozen=True)
class StatementLine:
    """One transfer as its wallet sees it.

    `change_available` is what it did to the credits available: a hold of 20 is -20, a charge of 15
    to it +5, its release +20; a payout of 5 is -5, and its return +5. `subject` is the render of
    holds, charges and refunds, whose receipt has the line; else the payment, payout or grant.
    """

    transfer_id: str
    created_at: datetime
    phase: Phase
    code: TransferCode
    subject: str
    line_id: str | None
    credits: int
    change_available: int
    reason: str | None

    @property
    def render_id(self) -> str | None:
        """The render that the line belongs to."""
        return self.subject if self.code in (TransferCode.CHARGE, TransferCode.REFUND) else None


@dataclass(frozen=True)
class StatementPage:
    """Newest first; `next_cursor` is None on the last page."""

    lines: tuple[StatementLine, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class RenderSpending:
    """What a wallet spent on a render. `open` is still held; `refunded` came back of `settled`."""

    render_id: str
    reserved_at: datetime
    reserved: int
    open: int
    settled: int
    refunded: int


@dataclass(frozen=True)
class SpendingPage:
    """Renders, those reserved last first; `next_cursor` is None on the last page."""

    renders: tuple[RenderSpending, ...]
    next_cursor: str | None
