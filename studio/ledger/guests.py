"""Guests' wallets that are not empty: what a paid quote left over by mistake."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from studio.contracts.names import QUOTE_ID_PREFIX
from studio.ledger.tables import AccountKind, LedgerAccountRow


def filled_guest_wallets(session: Session, *, limit: int) -> list[str]:
    """The quotes whose wallets have credits, available or held, in the order of their ids."""
    held = LedgerAccountRow.debits_pending
    available = LedgerAccountRow.credits_posted - LedgerAccountRow.debits_posted - held
    return list(
        session.scalars(
            select(LedgerAccountRow.owner)
            .where(
                LedgerAccountRow.kind == AccountKind.WALLET,
                LedgerAccountRow.owner.startswith(QUOTE_ID_PREFIX, autoescape=True),
                or_(available != 0, held != 0),
            )
            .order_by(LedgerAccountRow.owner)
            .limit(limit)
        )
    )
