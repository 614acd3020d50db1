"""What the renders of one key cost in a calendar month, and the refusal above its cap."""

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from studio.accounts.records import Principal
from studio.accounts.tables import ApiKeyRow
from studio.contracts.errors import StudioError
from studio.ledger.tables import Phase, TransferRow
from studio.renders.tables import RenderRow


class KeyCapReached(StudioError):
    """The key would cost more this month than its owner lets it."""

    code: ClassVar[str] = "key_cap_reached"

    def __init__(self, *, credits_required: int, credits_left: int) -> None:
        super().__init__(
            f"This needs {credits_required} credits, and this key may spend {credits_left} more "
            "until the end of the month (UTC)."
        )
        self.credits_required = credits_required
        self.credits_left = credits_left


def check_monthly_cap(
    session: Session, principal: Principal, *, credits: int, now: datetime
) -> None:
    """KeyCapReached where a render of so many credits is more than its key may still spend.

    Call it with the wallet locked, which is what a hold does: then no other submission of the
    account comes between the look and the row.
    """
    cap = principal.credits_per_month_max
    if cap is None or principal.key_id is None:
        return
    left = max(0, cap - credits_of_month(session, key_id=principal.key_id, now=now))
    if credits > left:
        raise KeyCapReached(credits_required=credits, credits_left=left)


def credits_of_month(session: Session, *, key_id: str, now: datetime) -> int:
    """What is held for and was charged to the key's renders that began this month (UTC).

    What was released does not count, and what was refunded later does. A key and those that it was
    rotated to or from are one: else each rotation would begin the month anew.
    """
    hold, resolution = TransferRow, aliased(TransferRow)
    cost = case(
        (resolution.id.is_(None), hold.amount),
        (resolution.phase == Phase.POST, resolution.amount),
        else_=0,
    )
    total = session.scalar(
        select(func.coalesce(func.sum(cost), 0))
        .select_from(RenderRow)
        .join(hold, (hold.subject == RenderRow.project_id) & (hold.phase == Phase.PENDING))
        .outerjoin(resolution, resolution.pending_id == hold.id)
        .where(
            or_(RenderRow.key_id == key_id, RenderRow.key_id.in_(_rotations(key_id))),
            RenderRow.created_at >= month_of(now),
        )
    )
    return int(total or 0)


def _rotations(key_id: str) -> Select[tuple[str]]:
    """The ids of a key, of those before it and of those after it."""
    columns = (ApiKeyRow.key_id, ApiKeyRow.account_id, ApiKeyRow.successor_id)
    known = select(*columns).where(ApiKeyRow.key_id == key_id).cte(recursive=True)
    is_next = or_(
        ApiKeyRow.successor_id == known.c.key_id, ApiKeyRow.key_id == known.c.successor_id
    )
    more = select(*columns).where(ApiKeyRow.account_id == known.c.account_id, is_next)
    return select(known.union(more).c.key_id)


def month_of(now: datetime) -> datetime:
    """The first moment of the month, UTC."""
    moment = now.astimezone(UTC)
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
