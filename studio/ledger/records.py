"""What the ledger answers. All amounts are whole credits."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from studio.ledger.tables import Phase, TransferCode


@dataclass(frozen=True)
class Balance:
    """A wallet at one moment: `available == granted - spent - held`.

    `granted` is everything that ever came in: top-ups, refunds, and payouts that came back.
    `spent` is everything that ever left: charges and payouts. Both only grow. How much was paid
    out is no counter of a wallet; `cash` sums it up.
    """

    available: int
    held: int
    spent: int
    granted: int


@dataclass(frozen=True)
class Cash:
    """What went between a wallet and whoever pays for its credits.

    `topped_up` is all payments and grants, `paid_out` everything sent back to a card, and
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
    to it +5, its release +20; a payout of 5 is -5, and its return +5.
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
