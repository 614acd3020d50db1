"""Whether the ledger adds up. Finds and says; mends nothing.

Each check is one statement, so it sees one moment even while others write.
"""

from sqlalchemy import Select, SQLColumnExpression, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from studio.ledger.tables import (
    AccountKind,
    LedgerAccountRow,
    Phase,
    TransferCode,
    TransferRow,
)

AUDIT_FINDINGS_MAX = 100
"""How many sentences a check gives at most; one broken release must not flood an alarm."""

_FINAL_PHASES = (Phase.POSTED, Phase.POST)


def audit(session: Session) -> list[str]:
    """Everything that does not add up, a plain sentence each; empty when all is well."""
    return [
        *_drifted_wallets(session),
        *_overdrawn_wallets(session),
        *_unbalanced_books(session),
        *_twice_resolved_holds(session),
        *_wrong_resolutions(session),
        *_excessive_refunds(session),
    ]


def _sum(column: SQLColumnExpression[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(column), 0)


def _derived_granted() -> Select[str, int]:
    return (
        select(TransferRow.credit_account_id.label("id"), _sum(TransferRow.amount).label("total"))
        .where(TransferRow.phase.in_(_FINAL_PHASES))
        .group_by(TransferRow.credit_account_id)
    )


def _derived_spent() -> Select[str, int]:
    return (
        select(TransferRow.debit_account_id.label("id"), _sum(TransferRow.amount).label("total"))
        .where(TransferRow.phase.in_(_FINAL_PHASES))
        .group_by(TransferRow.debit_account_id)
    )


def _derived_held() -> Select[str, int]:
    resolution = aliased(TransferRow)
    resolved = select(resolution.id).where(resolution.pending_id == TransferRow.id).exists()
    return (
        select(TransferRow.debit_account_id.label("id"), _sum(TransferRow.amount).label("total"))
        .where(TransferRow.phase == Phase.PENDING, ~resolved)
        .group_by(TransferRow.debit_account_id)
    )


def _drifted_wallets(session: Session) -> list[str]:
    granted = _derived_granted().subquery()
    spent = _derived_spent().subquery()
    held = _derived_held().subquery()
    derived_granted = func.coalesce(granted.c.total, 0)
    derived_spent = func.coalesce(spent.c.total, 0)
    derived_held = func.coalesce(held.c.total, 0)
    rows = session.execute(
        select(
            LedgerAccountRow.id,
            LedgerAccountRow.credits_posted,
            derived_granted,
            LedgerAccountRow.debits_posted,
            derived_spent,
            LedgerAccountRow.debits_pending,
            derived_held,
        )
        .outerjoin(granted, granted.c.id == LedgerAccountRow.id)
        .outerjoin(spent, spent.c.id == LedgerAccountRow.id)
        .outerjoin(held, held.c.id == LedgerAccountRow.id)
        .where(
            LedgerAccountRow.kind == AccountKind.WALLET,
            or_(
                LedgerAccountRow.credits_posted != derived_granted,
                LedgerAccountRow.debits_posted != derived_spent,
                LedgerAccountRow.debits_pending != derived_held,
            ),
        )
        .order_by(LedgerAccountRow.id)
        .limit(AUDIT_FINDINGS_MAX)
    ).all()
    return [
        f"The wallet {row[0]} does not match its transfers: it counts {row[1]} credits granted "
        f"where they add up to {row[2]}, {row[3]} spent where they add up to {row[4]}, and "
        f"{row[5]} held where they add up to {row[6]}."
        for row in rows
    ]


def _overdrawn_wallets(session: Session) -> list[str]:
    available = (
        LedgerAccountRow.credits_posted
        - LedgerAccountRow.debits_posted
        - LedgerAccountRow.debits_pending
    )
    rows = session.execute(
        select(LedgerAccountRow.id, available)
        .where(LedgerAccountRow.kind == AccountKind.WALLET, available < 0)
        .order_by(LedgerAccountRow.id)
        .limit(AUDIT_FINDINGS_MAX)
    ).all()
    return [f"The wallet {row[0]} is overdrawn by {-row[1]} credits." for row in rows]


def _unbalanced_books(session: Session) -> list[str]:
    """What customers hold must equal what the house took in, less what it earned."""
    wallets = select(_sum(LedgerAccountRow.credits_posted - LedgerAccountRow.debits_posted)).where(
        LedgerAccountRow.kind == AccountKind.WALLET
    )
    debited, credited = aliased(LedgerAccountRow), aliased(LedgerAccountRow)
    out = case((debited.kind == AccountKind.HOUSE, TransferRow.amount), else_=0)
    back = case((credited.kind == AccountKind.HOUSE, TransferRow.amount), else_=0)
    house = (
        select(_sum(out - back))
        .select_from(TransferRow)
        .join(debited, debited.id == TransferRow.debit_account_id)
        .join(credited, credited.id == TransferRow.credit_account_id)
        .where(TransferRow.phase.in_(_FINAL_PHASES))
    )
    owed, covered = session.execute(
        select(wallets.scalar_subquery(), house.scalar_subquery())
    ).one()
    if owed == covered:
        return []
    finding = (
        f"The books do not balance: wallets count {owed} credits and the house accounts "
        f"cover {covered}."
    )
    return [finding]


def _twice_resolved_holds(session: Session) -> list[str]:
    rows = session.execute(
        select(TransferRow.subject, TransferRow.line_id, func.count())
        .where(TransferRow.pending_id.is_not(None))
        .group_by(TransferRow.pending_id, TransferRow.subject, TransferRow.line_id)
        .having(func.count() > literal(1))
        .order_by(TransferRow.subject, TransferRow.line_id)
        .limit(AUDIT_FINDINGS_MAX)
    ).all()
    return [f"The hold for line {row[1]} of {row[0]} was resolved {row[2]} times." for row in rows]


def _wrong_resolutions(session: Session) -> list[str]:
    """A resolution is about its hold's accounts and line, and never above its amount."""
    hold = aliased(TransferRow)
    wrong_amount = or_(
        TransferRow.amount > hold.amount,
        and_(TransferRow.phase != Phase.POST, TransferRow.amount != hold.amount),
    )
    rows = session.execute(
        select(TransferRow.subject, TransferRow.line_id, TransferRow.amount, hold.amount)
        .join(hold, hold.id == TransferRow.pending_id)
        .where(
            or_(
                wrong_amount,
                hold.phase != Phase.PENDING,
                TransferRow.debit_account_id != hold.debit_account_id,
                TransferRow.credit_account_id != hold.credit_account_id,
                TransferRow.subject != hold.subject,
                TransferRow.line_id != hold.line_id,
            )
        )
        .order_by(TransferRow.subject, TransferRow.line_id)
        .limit(AUDIT_FINDINGS_MAX)
    ).all()
    return [
        f"Line {row[1]} of {row[0]} was resolved with {row[2]} credits, which does not fit its "
        f"hold of {row[3]} credits."
        for row in rows
    ]


def _excessive_refunds(session: Session) -> list[str]:
    charge = aliased(TransferRow)
    refunded = func.sum(TransferRow.amount)
    rows = session.execute(
        select(charge.subject, charge.line_id, charge.amount, refunded)
        .join(charge, charge.id == TransferRow.reverses_id)
        .where(TransferRow.code == TransferCode.REFUND)
        .group_by(charge.id, charge.subject, charge.line_id, charge.amount)
        .having(refunded > charge.amount)
        .order_by(charge.subject, charge.line_id)
        .limit(AUDIT_FINDINGS_MAX)
    ).all()
    return [
        f"Line {row[1]} of {row[0]} was charged {row[2]} credits and {row[3]} were refunded."
        for row in rows
    ]
