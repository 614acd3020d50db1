"""Whether the ledger adds up. Finds and says; mends nothing.

Each check is one statement, so it sees one moment even while others write.
"""

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from studio.contracts.names import TEST_SIDE_SUFFIX
from studio.ledger.auditing_grants import audit_grants
from studio.ledger.findings import FINDINGS_MAX, total
from studio.ledger.identity import CASH, TEST_HOUSES
from studio.ledger.tables import (
    AccountKind,
    LedgerAccountRow,
    Phase,
    TransferCode,
    TransferRow,
)

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
        *_wrong_payouts(session),
        *_wrong_returns(session),
        *_excessive_payouts(session),
        *_mixed_transfers(session),
        *audit_grants(session),
    ]


def _derived_granted() -> Select[str, int]:
    return (
        select(
            TransferRow.credit_account_id.label("id"), total(TransferRow.amount).label("credits")
        )
        .where(TransferRow.phase.in_(_FINAL_PHASES))
        .group_by(TransferRow.credit_account_id)
    )


def _derived_spent() -> Select[str, int]:
    return (
        select(TransferRow.debit_account_id.label("id"), total(TransferRow.amount).label("credits"))
        .where(TransferRow.phase.in_(_FINAL_PHASES))
        .group_by(TransferRow.debit_account_id)
    )


def _derived_held() -> Select[str, int]:
    resolution = aliased(TransferRow)
    resolved = select(resolution.id).where(resolution.pending_id == TransferRow.id).exists()
    return (
        select(TransferRow.debit_account_id.label("id"), total(TransferRow.amount).label("credits"))
        .where(TransferRow.phase == Phase.PENDING, ~resolved)
        .group_by(TransferRow.debit_account_id)
    )


def _drifted_wallets(session: Session) -> list[str]:
    granted = _derived_granted().subquery()
    spent = _derived_spent().subquery()
    held = _derived_held().subquery()
    derived_granted = func.coalesce(granted.c.credits, 0)
    derived_spent = func.coalesce(spent.c.credits, 0)
    derived_held = func.coalesce(held.c.credits, 0)
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
        .limit(FINDINGS_MAX)
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
        .limit(FINDINGS_MAX)
    ).all()
    return [f"The wallet {row[0]} is overdrawn by {-row[1]} credits." for row in rows]


def _unbalanced_books(session: Session) -> list[str]:
    """What customers hold must equal what the house took in, less what it earned."""
    wallets = select(total(LedgerAccountRow.credits_posted - LedgerAccountRow.debits_posted)).where(
        LedgerAccountRow.kind == AccountKind.WALLET
    )
    debited, credited = aliased(LedgerAccountRow), aliased(LedgerAccountRow)
    out = case((debited.kind == AccountKind.HOUSE, TransferRow.amount), else_=0)
    back = case((credited.kind == AccountKind.HOUSE, TransferRow.amount), else_=0)
    house = (
        select(total(out - back))
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
        .limit(FINDINGS_MAX)
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
        .limit(FINDINGS_MAX)
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
        .limit(FINDINGS_MAX)
    ).all()
    return [
        f"Line {row[1]} of {row[0]} was charged {row[2]} credits and {row[3]} were refunded."
        for row in rows
    ]


def _wrong_payouts(session: Session) -> list[str]:
    """A payout leaves a wallet at once, and leaves the house."""
    payer = aliased(LedgerAccountRow)
    rows = session.execute(
        select(TransferRow.subject, TransferRow.amount)
        .join(payer, payer.id == TransferRow.debit_account_id)
        .where(
            TransferRow.code == TransferCode.PAYOUT,
            or_(
                payer.kind != AccountKind.WALLET,
                TransferRow.credit_account_id
                != case((_is_test(payer.id), TEST_HOUSES[CASH]), else_=CASH),
                TransferRow.phase != Phase.POSTED,
            ),
        )
        .order_by(TransferRow.subject)
        .limit(FINDINGS_MAX)
    ).all()
    return [
        f"The payout {row[0]} of {row[1]} credits does not leave a wallet for good." for row in rows
    ]


def _wrong_returns(session: Session) -> list[str]:
    """A payout comes back the way it went, whole, and once."""
    payout = aliased(TransferRow)
    goes_another_way = or_(
        payout.code != TransferCode.PAYOUT,
        TransferRow.debit_account_id != payout.credit_account_id,
        TransferRow.credit_account_id != payout.debit_account_id,
    )
    returned = func.sum(TransferRow.amount)
    rows = session.execute(
        select(payout.subject, payout.amount, returned)
        .join(payout, payout.id == TransferRow.reverses_id)
        .where(TransferRow.code == TransferCode.PAYOUT_RETURN)
        .group_by(payout.id, payout.subject, payout.amount)
        .having(or_(returned != payout.amount, total(case((goes_another_way, 1), else_=0)) > 0))
        .order_by(payout.subject)
        .limit(FINDINGS_MAX)
    ).all()
    return [
        f"The payout {row[0]} of {row[1]} credits came back with {row[2]} credits, or another way."
        for row in rows
    ]


def _excessive_payouts(session: Session) -> list[str]:
    """What is paid out of a wallet was paid into it before."""
    paid_in = select(
        TransferRow.credit_account_id.label("wallet"), TransferRow.amount.label("credits")
    ).where(TransferRow.code.in_((TransferCode.TOP_UP, TransferCode.PAYOUT_RETURN)))
    paid_out = select(TransferRow.debit_account_id, -TransferRow.amount).where(
        TransferRow.code == TransferCode.PAYOUT
    )
    moved = union_all(paid_in, paid_out).subquery()
    kept = func.sum(moved.c.credits)
    rows = session.execute(
        select(moved.c.wallet, kept)
        .group_by(moved.c.wallet)
        .having(kept < 0)
        .order_by(moved.c.wallet)
        .limit(FINDINGS_MAX)
    ).all()
    return [
        f"{-row[1]} more credits were paid out of the wallet {row[0]} than were paid into it."
        for row in rows
    ]


def _mixed_transfers(session: Session) -> list[str]:
    """Test credits are nobody's money: they never meet what is somebody's."""
    debited, credited = TransferRow.debit_account_id, TransferRow.credit_account_id
    rows = session.execute(
        select(TransferRow.amount, debited, credited)
        .where(_is_test(debited) != _is_test(credited))
        .order_by(TransferRow.id)
        .limit(FINDINGS_MAX)
    ).all()
    return [
        f"{row[0]} credits went from {row[1]} to {row[2]}, of which one is for tests only."
        for row in rows
    ]


def _is_test(account_id: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Whether an account is a test wallet, or our side of one."""
    return or_(
        account_id.endswith(TEST_SIDE_SUFFIX, autoescape=True),
        account_id.in_(TEST_HOUSES.values()),
    )
