"""Purchases as they begin, and as they are shown."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from studio.contracts.limits import PAYMENT_CURRENCY
from studio.contracts.names import is_test_side
from studio.contracts.purchase import TOP_UP_ID_PREFIX
from studio.topups.errors import InvalidTopUp, NothingForSale
from studio.topups.tables import TopUpRow, TopUpState

DOLLARS_MIN: Final = 5
DOLLARS_MAX: Final = 5_000
"""What one purchase may be: less is eaten up by the fees, more is a typing error or a stolen
card."""
CREDITS_PER_DOLLAR: Final = 100
"""1 credit is 1 US cent."""

_FORM_ID: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_ID_DIGITS: Final = 24


@dataclass(frozen=True)
class NewTopUp:
    """A purchase to be. Its id follows from the account and the form."""

    top_up_id: str
    account_id: str
    credits: int
    amount_cents: int
    currency: str


@dataclass(frozen=True)
class TopUpView:
    """A purchase as its account sees it."""

    top_up_id: str
    state: TopUpState
    credits: int
    amount_cents: int
    currency: str
    refunded_cents: int
    withdrawn_credits: int
    owed_credits: int
    disputed_at: datetime | None
    created_at: datetime
    paid_at: datetime | None


def new_top_up(account_id: str, *, dollars: int, form_id: str) -> NewTopUp:
    """A purchase of whole dollars. `form_id` is drawn when the form is shown: 16 to 64 letters,
    digits, `-` and `_`; sent again, it is the same purchase.

    Raises InvalidTopUp, and NothingForSale for the test side of an account.
    """
    if is_test_side(account_id):
        raise NothingForSale
    if not DOLLARS_MIN <= dollars <= DOLLARS_MAX:
        raise InvalidTopUp(
            f"Credits are sold for {DOLLARS_MIN:,} to {DOLLARS_MAX:,} US dollars at a time."
        )
    if not _FORM_ID.fullmatch(form_id):
        raise InvalidTopUp("This form has no id of its own; open it anew.")
    digest = sha256(f"{account_id}\n{form_id}".encode()).hexdigest()
    credits = dollars * CREDITS_PER_DOLLAR
    return NewTopUp(
        top_up_id=f"{TOP_UP_ID_PREFIX}{digest[:_ID_DIGITS]}",
        account_id=account_id,
        credits=credits,
        amount_cents=credits,
        currency=PAYMENT_CURRENCY,
    )


def view_of(row: TopUpRow) -> TopUpView:
    return TopUpView(
        top_up_id=row.top_up_id,
        state=row.state,
        credits=row.credits,
        amount_cents=row.amount_cents,
        currency=row.currency,
        refunded_cents=row.refunded_cents,
        withdrawn_credits=row.withdrawn_credits,
        owed_credits=row.owed_credits,
        disputed_at=row.disputed_at,
        created_at=row.created_at,
        paid_at=row.paid_at,
    )
