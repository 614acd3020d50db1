"""Whether gifts add up: what is left of each, what renders took of them, and where they are."""

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session, aliased

from studio.ledger.findings import FINDINGS_MAX, total
from studio.ledger.identity import GRANTS
from studio.ledger.tables import (
    GrantRow,
    GrantUseRow,
    LedgerAccountRow,
    Phase,
    TransferCode,
    TransferRow,
)


def audit_grants(session: Session) -> list[str]:
    """Everything about gifts that does not add up, a plain sentence each."""
    return [
        *_drifted_grants(session),
        *_strayed_grants(session),
        *_uncovered_grants(session),
        *_excessive_uses(session),
    ]


def _drifted_grants(session: Session) -> list[str]:
    """What is left of a gift follows from what was given, used and ended."""
    used = (
        select(GrantUseRow.grant_id, total(GrantUseRow.credits).label("credits"))
        .group_by(GrantUseRow.grant_id)
        .subquery()
    )
    ended = (
        select(TransferRow.subject, total(TransferRow.amount).label("credits"))
        .where(TransferRow.code == TransferCode.GRANT_EXPIRY)
        .group_by(TransferRow.subject)
        .subquery()
    )
    left = GrantRow.credits - func.coalesce(used.c.credits, 0) - func.coalesce(ended.c.credits, 0)
    rows = session.execute(
        select(GrantRow.grant_id, GrantRow.remaining, left)
        .outerjoin(used, used.c.grant_id == GrantRow.grant_id)
        .outerjoin(ended, ended.c.subject == GrantRow.grant_id)
        .where(GrantRow.remaining != left)
        .order_by(GrantRow.grant_id)
        .limit(FINDINGS_MAX)
    ).all()
    return [
        f"The grant {row[0]} counts {row[1]} credits left, where {row[2]} were neither used nor "
        "ended."
        for row in rows
    ]


def _strayed_grants(session: Session) -> list[str]:
    """A gift came from the house as it is written down, and what ended of it went back there."""
    given = TransferRow.code == TransferCode.GRANT
    right_way = and_(
        TransferRow.phase == Phase.POSTED,
        case(
            (
                given,
                and_(
                    TransferRow.debit_account_id == GRANTS,
                    TransferRow.credit_account_id == GrantRow.wallet,
                    TransferRow.amount == GrantRow.credits,
                ),
            ),
            else_=and_(
                TransferRow.debit_account_id == GrantRow.wallet,
                TransferRow.credit_account_id == GRANTS,
                GrantRow.expired_at.is_not(None),
            ),
        ),
    )
    transfers = session.execute(
        select(TransferRow.subject, TransferRow.amount)
        .outerjoin(GrantRow, GrantRow.grant_id == TransferRow.subject)
        .where(
            TransferRow.code.in_((TransferCode.GRANT, TransferCode.GRANT_EXPIRY)),
            func.coalesce(right_way, False).is_(False),
        )
        .order_by(TransferRow.subject)
        .limit(FINDINGS_MAX)
    ).all()
    gift = aliased(TransferRow)
    unpaid = session.scalars(
        select(GrantRow.grant_id)
        .outerjoin(gift, and_(gift.subject == GrantRow.grant_id, gift.code == TransferCode.GRANT))
        .group_by(GrantRow.grant_id)
        .having(func.count(gift.id) != 1)
        .order_by(GrantRow.grant_id)
        .limit(FINDINGS_MAX)
    ).all()
    return [
        *(
            f"{row[1]} credits of the grant {row[0]} moved otherwise than given."
            for row in transfers
        ),
        *(f"The grant {grant_id} was not given once." for grant_id in unpaid),
    ]


def _uncovered_grants(session: Session) -> list[str]:
    """What is left of a wallet's gifts is a part of what it has available."""
    available = (
        LedgerAccountRow.credits_posted
        - LedgerAccountRow.debits_posted
        - LedgerAccountRow.debits_pending
    )
    left = total(GrantRow.remaining)
    rows = session.execute(
        select(LedgerAccountRow.id, left, available)
        .join(GrantRow, GrantRow.wallet == LedgerAccountRow.id)
        .group_by(LedgerAccountRow.id)
        .having(left > available)
        .order_by(LedgerAccountRow.id)
        .limit(FINDINGS_MAX)
    ).all()
    return [
        f"The wallet {row[0]} counts {row[1]} credits left of its grants, and has {row[2]}."
        for row in rows
    ]


def _excessive_uses(session: Session) -> list[str]:
    """A render took no more of its own wallet's gifts than it holds and was charged."""
    resolution = aliased(TransferRow)
    used = (
        select(
            GrantUseRow.subject,
            GrantRow.wallet,
            total(GrantUseRow.credits).label("credits"),
        )
        .join(GrantRow, GrantRow.grant_id == GrantUseRow.grant_id)
        .group_by(GrantUseRow.subject, GrantRow.wallet)
        .subquery()
    )
    kept = total(
        case(
            (resolution.id.is_(None), TransferRow.amount),
            (resolution.phase == Phase.POST, resolution.amount),
            else_=0,
        )
    )
    rows = session.execute(
        select(used.c.subject, used.c.credits, kept)
        .outerjoin(
            TransferRow,
            and_(
                TransferRow.subject == used.c.subject,
                TransferRow.debit_account_id == used.c.wallet,
                TransferRow.phase == Phase.PENDING,
            ),
        )
        .outerjoin(resolution, resolution.pending_id == TransferRow.id)
        .group_by(used.c.subject, used.c.wallet, used.c.credits)
        .having(used.c.credits > kept)
        .order_by(used.c.subject)
        .limit(FINDINGS_MAX)
    ).all()
    return [
        f"{row[0]} took {row[1]} credits of grants, and holds and was charged {row[2]}."
        for row in rows
    ]
