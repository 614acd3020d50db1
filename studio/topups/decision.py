"""What the standing of a purchase does to its row and to the wallet: decided, not done.

Who took the money is asked for all of it at once, whatever made us ask: a webhook, the customer who
came back, the sweep. So a message that comes twice, late or in another order decides nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from studio.contracts.purchase import PurchaseStanding, PurchaseState
from studio.topups.tables import TopUpRow, TopUpState


class Finding(StrEnum):
    """What came of a look. `withdrawn` and `returned`: what was refunded or disputed changed; also
    where the wallet had nothing left. `noted`: a refund or dispute that moves no credits.
    """

    UNCHANGED = "unchanged"
    PAID = "paid"
    EXPIRED = "expired"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"
    NOTED = "noted"
    MISMATCH = "mismatch"


@dataclass(frozen=True)
class Verdict:
    """`due_credits` are those that are not the wallet's any more; the rest is the row to be."""

    finding: Finding
    state: TopUpState
    refunded_cents: int = 0
    due_credits: int = 0
    is_disputed: bool = False


_ENDS: Final = {
    PurchaseState.EXPIRED: (Finding.EXPIRED, TopUpState.EXPIRED),
    PurchaseState.FAILED: (Finding.FAILED, TopUpState.FAILED),
}


def decide(row: TopUpRow, found: PurchaseStanding) -> Verdict:
    """Money is believed as it was received: another amount or currency credits nothing.

    A purchase that had ended is paid all the same if money came; and one is paid only once.
    """
    if found.top_up_id != row.top_up_id:
        return Verdict(Finding.MISMATCH, row.state)
    if found.state is not PurchaseState.PAID:
        if row.state is TopUpState.OPEN and found.state in _ENDS:
            return Verdict(*_ENDS[found.state])
        return Verdict(Finding.UNCHANGED, row.state)
    if not _fits(row, found):
        all_went_back = 0 < found.received_cents <= found.refunded_cents
        if row.state is TopUpState.OPEN and all_went_back:
            return Verdict(Finding.FAILED, TopUpState.FAILED)
        ended = row.state is TopUpState.FAILED and all_went_back
        return Verdict(Finding.UNCHANGED if ended else Finding.MISMATCH, row.state)
    refunded_cents = min(found.refunded_cents, row.amount_cents)
    # 1 credit is 1 cent. The bank may take all of a payment back that was refunded in part.
    due = min(found.refunded_cents + found.disputed_cents, row.credits)
    is_disputed = found.disputed_cents > 0
    finding = _finding(row, due, refunded_cents, is_disputed=is_disputed)
    return Verdict(finding, TopUpState.PAID, refunded_cents, due, is_disputed)


def _fits(row: TopUpRow, found: PurchaseStanding) -> bool:
    return (
        found.payment_id is not None
        and row.payment_id in {None, found.payment_id}
        and (found.received_cents, found.currency) == (row.amount_cents, row.currency)
    )


def _finding(row: TopUpRow, due: int, refunded_cents: int, *, is_disputed: bool) -> Finding:
    if row.state is not TopUpState.PAID:
        return Finding.PAID
    taken = row.withdrawn_credits + row.owed_credits
    if due != taken:
        return Finding.WITHDRAWN if due > taken else Finding.RETURNED
    is_same = (row.refunded_cents, row.disputed_at is not None) == (refunded_cents, is_disputed)
    return Finding.UNCHANGED if is_same else Finding.NOTED
