"""A wallet as its owner looks at it: what there is, what became of it, what each render cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.clock import Clock
from gateway.services.credit import balance_of
from gateway.services.renders import Authorize
from gateway.services.threads import Threads
from studio.accounts.service import get_account
from studio.contracts.names import is_test_side
from studio.contracts.workflow_io import RenderInput
from studio.db.cursor import Cursor
from studio.ledger import service as ledger
from studio.ledger.errors import UnknownWallet
from studio.ledger.records import (
    Grant,
    RenderSpending,
    SpendingPage,
    StatementLine,
    StatementPage,
)
from studio.ledger.tables import Phase
from studio.renders.tables import RenderRow
from studio.topups.repository import owed_credits


class EntryKind(StrEnum):
    """What happened to credits. A hold ends in charges and releases."""

    TOP_UP = "top_up"
    GRANT = "grant"
    GRANT_EXPIRY = "grant_expiry"
    HOLD = "hold"
    CHARGE = "charge"
    RELEASE = "release"
    REFUND = "refund"
    PAYOUT = "payout"
    PAYOUT_RETURN = "payout_return"


_OF_HOLDS: Final = {
    Phase.PENDING: EntryKind.HOLD,
    Phase.POST: EntryKind.CHARGE,
    Phase.VOID: EntryKind.RELEASE,
    Phase.EXPIRE: EntryKind.RELEASE,
}


@dataclass(frozen=True)
class WalletView:
    """A wallet now. `grants` are gifts that can still be spent, in the order in which they are."""

    is_test: bool
    available: int
    held: int
    grants: tuple[Grant, ...]
    owed: int
    low_balance_credits: int | None

    @property
    def promotional(self) -> int:
        """The part of `available` that was given and not bought."""
        return sum(gift.remaining for gift in self.grants)

    @property
    def is_low(self) -> bool:
        """Whether there is less than its owner wants to be told of."""
        return self.low_balance_credits is not None and self.available < self.low_balance_credits


@dataclass(frozen=True)
class StatementEntry:
    """One movement, with the name of its render and the words of its line on the receipt."""

    line: StatementLine
    kind: EntryKind
    render_name: str | None
    label: str | None


@dataclass(frozen=True)
class EntryPage:
    """Newest first; `next_cursor` is None on the last page."""

    entries: tuple[StatementEntry, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class SpentRender:
    """What one render cost. The name is None where its record is gone."""

    spending: RenderSpending
    name: str | None


@dataclass(frozen=True)
class SpentPage:
    """Those begun last first; `next_cursor` is None on the last page."""

    renders: tuple[SpentRender, ...]
    next_cursor: str | None


class Wallets:
    """The use cases of a wallet, whoever asks: HTTP, the console, an operator."""

    def __init__(self, threads: Threads, clock: Clock) -> None:
        self._threads = threads
        self._clock = clock

    async def look(self, authorize: Authorize) -> WalletView:
        """The wallet of whoever `authorize` names."""
        now = self._clock.now()
        return await self._threads.read(
            lambda session: read_wallet(session, authorize(session), now=now)
        )

    async def statement(
        self, authorize: Authorize, *, limit: int, cursor: str | None = None
    ) -> EntryPage:
        """Its movements, newest first. InvalidCursor."""
        return await self._threads.read(
            lambda session: read_statement(session, authorize(session), limit=limit, cursor=cursor)
        )

    async def spending(
        self, authorize: Authorize, *, limit: int, cursor: str | None = None
    ) -> SpentPage:
        """What its renders cost, those begun last first. InvalidCursor."""
        return await self._threads.read(
            lambda session: read_spending(session, authorize(session), limit=limit, cursor=cursor)
        )


def read_wallet(session: Session, account_id: str, *, now: datetime) -> WalletView:
    """Of an account or its test side, which owes nothing and warns nobody. UnknownAccount."""
    found = balance_of(session, account_id)
    gifts = ledger.open_grants(session, wallet=ledger.wallet_id(account_id))
    lasting = tuple(gift for gift in gifts if gift.expires_at is None or gift.expires_at > now)
    # What has just ended leaves with the next sweep, and cannot be spent until then.
    ended = found.promotional - sum(gift.remaining for gift in lasting)
    is_test = is_test_side(account_id)
    return WalletView(
        is_test=is_test,
        available=found.available - ended,
        held=found.held,
        grants=lasting,
        owed=owed_credits(session, account_id),
        low_balance_credits=None
        if is_test
        else get_account(session, account_id=account_id).low_balance_credits,
    )


def read_statement(
    session: Session, account_id: str, *, limit: int, cursor: str | None = None
) -> EntryPage:
    """The movements of an account's wallet, or its test side's. InvalidCursor."""
    try:
        page = ledger.statement(
            session, wallet=ledger.wallet_id(account_id), limit=limit, cursor=cursor
        )
    except UnknownWallet:
        _check_cursor(cursor)
        page = StatementPage((), None)
    told = _told_of(session, account_id, {line.render_id for line in page.lines if line.render_id})
    return EntryPage(tuple(_entry(line, told) for line in page.lines), page.next_cursor)


def read_spending(
    session: Session, account_id: str, *, limit: int, cursor: str | None = None
) -> SpentPage:
    """What an account's renders cost, or its test side's. InvalidCursor."""
    try:
        page = ledger.spending(
            session, wallet=ledger.wallet_id(account_id), limit=limit, cursor=cursor
        )
    except UnknownWallet:
        _check_cursor(cursor)
        page = SpendingPage((), None)
    told = _told_of(session, account_id, [each.render_id for each in page.renders])
    return SpentPage(
        tuple(
            SpentRender(each, told[each.render_id].name if each.render_id in told else None)
            for each in page.renders
        ),
        page.next_cursor,
    )


def _check_cursor(cursor: str | None) -> None:
    """There is no page behind it; one that is not ours is refused all the same."""
    if cursor is not None:
        Cursor.decode(cursor)


@dataclass(frozen=True)
class _Told:
    """What a render says of its lines."""

    name: str
    labels: dict[str, str]


def _told_of(session: Session, account_id: str, render_ids: Iterable[str]) -> dict[str, _Told]:
    rows = session.execute(
        select(RenderRow.project_id, RenderRow.name, RenderRow.workflow_input).where(
            RenderRow.account_id == account_id, RenderRow.project_id.in_(render_ids)
        )
    ).all()
    return {
        row.project_id: _Told(
            row.name,
            {
                line.line_id: line.label
                for line in RenderInput.model_validate(row.workflow_input).plan.charges.lines
            },
        )
        for row in rows
    }


def _entry(line: StatementLine, told: dict[str, _Told]) -> StatementEntry:
    render = told.get(line.render_id or "")
    return StatementEntry(
        line=line,
        kind=_OF_HOLDS.get(line.phase) or EntryKind(line.code),
        render_name=render.name if render else None,
        label=render.labels.get(line.line_id or "") if render else None,
    )
