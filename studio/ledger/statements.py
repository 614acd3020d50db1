"""The statements of every render's charges, built once.

SQLAlchemy takes longer to build a statement than SQLite takes to run it, and a render of three
shots settles a dozen times. So these are made when the module is loaded, of tables instead of
mapped classes, and get their values when they run.
"""

from typing import Final, cast

from sqlalchemy import Select, Table, bindparam, func, insert, or_, select, update

from studio.ledger.tables import (
    AccountKind,
    GrantRow,
    GrantUseRow,
    LedgerAccountRow,
    Phase,
    TransferRow,
)

_ACCOUNT: Final = cast("Table", LedgerAccountRow.__table__)
_GRANT: Final = cast("Table", GrantRow.__table__)
_USE: Final = cast("Table", GrantUseRow.__table__)
_TRANSFER: Final = cast("Table", TransferRow.__table__)
_RESOLUTION: Final = _TRANSFER.alias("resolution")

_OF_SUBJECT: Final = _TRANSFER.c.subject == bindparam("subject")
_IS_HOLD: Final = _TRANSFER.c.phase == Phase.PENDING

HOLDS: Final = (
    select(
        _TRANSFER.c.id,
        _TRANSFER.c.debit_account_id,
        _TRANSFER.c.line_id,
        _TRANSFER.c.amount,
        _TRANSFER.c.expires_at,
        _RESOLUTION.c.phase.label("resolution"),
        _RESOLUTION.c.amount.label("resolved"),
    )
    .outerjoin(_RESOLUTION, _RESOLUTION.c.pending_id == _TRANSFER.c.id)
    .where(_OF_SUBJECT, _IS_HOLD)
    .order_by(_TRANSFER.c.line_id)
)
"""Every hold of `subject` with its resolution."""

NAMED_HOLDS: Final = HOLDS.where(_TRANSFER.c.line_id.in_(bindparam("line_ids", expanding=True)))
"""As above, of some `line_ids`: a film of 64 shots has almost two hundred lines."""

CHARGED: Final = select(func.coalesce(func.sum(_TRANSFER.c.amount), 0)).where(
    _OF_SUBJECT, _TRANSFER.c.phase == Phase.POST
)
"""All that was ever charged to the holds of `subject`."""


def _locked_wallet(wallet: object) -> Select[str]:
    """Every other writer of the wallet waits until the transaction ends.

    `key_share` leaves inserts elsewhere that reference the row unhindered. SQLite knows no such
    clause and needs none: the transaction already has the only write lock.
    """
    return (
        select(_ACCOUNT.c.id)
        .where(_ACCOUNT.c.id == wallet, _ACCOUNT.c.kind == AccountKind.WALLET)
        .with_for_update(key_share=True)
    )


LOCK_WALLET: Final = _locked_wallet(bindparam("wallet"))
LOCK_SUBJECT: Final = _locked_wallet(
    select(_TRANSFER.c.debit_account_id).where(_OF_SUBJECT, _IS_HOLD).limit(1).scalar_subquery()
)

_AVAILABLE: Final = _ACCOUNT.c.credits_posted - _ACCOUNT.c.debits_posted - _ACCOUNT.c.debits_pending

_GIVEN: Final = select(func.coalesce(func.sum(_GRANT.c.remaining), 0)).where(
    _GRANT.c.wallet == bindparam("wallet")
)

ENDED: Final = _GIVEN.where(_GRANT.c.expires_at <= bindparam("now"))
"""What of `wallet` has ended by `now`, and no sweep has taken out yet."""

TAKE_INTO_HOLD: Final = (
    update(_ACCOUNT)
    .where(
        _ACCOUNT.c.id == bindparam("wallet"),
        bindparam("held") <= _AVAILABLE - ENDED.scalar_subquery(),
    )
    .values(debits_pending=_ACCOUNT.c.debits_pending + bindparam("held"))
    .returning(_GIVEN.scalar_subquery())
)
"""Changes one row, or none where `wallet` has less than `held` to spend at `now`.

Answers what of the wallet is a gift, so that one without gifts costs no statement more. The wallet
was locked by a statement before, without which this one could read gifts of an earlier moment.
"""

TAKE_OUT: Final = (
    update(_ACCOUNT)
    .where(_ACCOUNT.c.id == bindparam("wallet"), bindparam("paid") <= _AVAILABLE)
    .values(debits_posted=_ACCOUNT.c.debits_posted + bindparam("paid"))
)
"""Changes one row, or none where `wallet` has less than `paid` available."""

RESOLVE_HELD: Final = (
    update(_ACCOUNT)
    .where(_ACCOUNT.c.id == bindparam("wallet"), _ACCOUNT.c.debits_pending >= bindparam("held"))
    .values(
        debits_pending=_ACCOUNT.c.debits_pending - bindparam("held"),
        debits_posted=_ACCOUNT.c.debits_posted + bindparam("charged"),
    )
)
"""Changes one row, or none where `wallet` holds less than `held`."""

INSERT_TRANSFERS: Final = insert(_TRANSFER)

_FIRST_SPENT_FIRST: Final = (
    _GRANT.c.expires_at.asc().nulls_last(),
    _GRANT.c.created_at,
    _GRANT.c.grant_id,
)

OPEN_GRANTS: Final = (
    select(_GRANT)
    .where(_GRANT.c.wallet == bindparam("wallet"), _GRANT.c.remaining > 0)
    .order_by(*_FIRST_SPENT_FIRST)
)
"""The gifts of `wallet` that have credits left, those first that are spent first."""

USES: Final = (
    select(
        _USE.c.grant_id,
        _USE.c.credits,
        _GRANT.c.wallet,
        _GRANT.c.expires_at,
        _GRANT.c.expired_at,
    )
    .join_from(_USE, _GRANT, _GRANT.c.grant_id == _USE.c.grant_id)
    .where(_USE.c.subject == bindparam("subject"), _USE.c.credits > 0)
    .order_by(*_FIRST_SPENT_FIRST)
)
"""What `subject` took of gifts, in the order in which it took it."""

INSERT_USE: Final = insert(_USE)

CHANGE_REMAINING: Final = (
    update(_GRANT)
    .where(_GRANT.c.grant_id == bindparam("of_grant"))
    .values(remaining=_GRANT.c.remaining + bindparam("change"))
)

LESSEN_USE: Final = (
    update(_USE)
    .where(_USE.c.subject == bindparam("of_subject"), _USE.c.grant_id == bindparam("of_grant"))
    .values(credits=_USE.c.credits - bindparam("back"))
)
"""`subject` took `back` credits less of a gift."""

KEPT: Final = (
    select(func.coalesce(func.sum(func.coalesce(_RESOLUTION.c.amount, _TRANSFER.c.amount)), 0))
    .outerjoin(_RESOLUTION, _RESOLUTION.c.pending_id == _TRANSFER.c.id)
    .where(
        _OF_SUBJECT,
        _IS_HOLD,
        or_(_RESOLUTION.c.id.is_(None), _RESOLUTION.c.phase == Phase.POST),
    )
)
"""What `subject` still holds and was charged."""
