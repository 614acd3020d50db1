"""What operators see of every account, and what they may do. Who is one, the caller has checked."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy.orm import Session

from gateway.clock import Clock
from gateway.receipt import ReceiptResource, read_receipt
from gateway.services.account_search import AccountPage, AccountWish, search_accounts
from gateway.services.operator_acts import Act, grant_credits, resume, suspend
from gateway.services.renders import Renders
from gateway.services.threads import Threads
from gateway.services.views import RenderView
from gateway.services.wallets import WalletView, read_wallet
from studio.accounts.records import Account, KeyInfo
from studio.accounts.service import get_account, list_keys
from studio.contracts.errors import StudioError
from studio.contracts.status import RenderState
from studio.identity.service import emails_of
from studio.ledger.tables import REFERENCE_LENGTH_MAX
from studio.operators.records import ActionPage
from studio.operators.service import list_actions
from studio.renders.progress import ProgressPage, list_progress, owner_of_render

RECENT_MAX: Final = 10
"""Renders and acts that an account's page shows; the lists behind it have all."""


class InvalidAct(StudioError):
    """An act without its reason."""

    code: ClassVar[str] = "invalid_act"


@dataclass(frozen=True)
class RunWish:
    """Which renders: of an account, in a state, with a part of their name. Empty is any."""

    account_id: str | None = None
    status: RenderState | None = None
    name_part: str = ""


@dataclass(frozen=True)
class Run:
    """A render of whichever account, and its money."""

    view: RenderView
    receipt: ReceiptResource


@dataclass(frozen=True)
class AccountFile:
    """All that operators see of an account. Its keys come without their secrets."""

    account: Account
    email: str | None
    wallet: WalletView
    keys: tuple[KeyInfo, ...]
    renders: ProgressPage
    acts: ActionPage


class Operators:
    """The use cases of operators."""

    def __init__(self, *, threads: Threads, renders: Renders, clock: Clock) -> None:
        self._threads = threads
        self._renders = renders
        self._clock = clock

    async def runs(self, wish: RunWish, *, limit: int, cursor: str | None = None) -> ProgressPage:
        """Renders of every account, newest first, as stored. InvalidCursor."""
        return await self._threads.read(
            lambda session: list_progress(
                session,
                limit=limit,
                cursor=cursor,
                account_id=wish.account_id,
                status=wish.status,
                name_part=wish.name_part,
            )
        )

    async def run(self, project_id: str) -> Run:
        """One render as it is now. UnknownRender."""
        view = await self._renders.get(
            project_id, lambda session: owner_of_render(session, project_id)
        )
        receipt = await self._threads.read(
            lambda session: read_receipt(session, project_id, account_id=view.account_id)
        )
        return Run(view, receipt)

    async def accounts(
        self, wish: AccountWish, *, limit: int, cursor: str | None = None
    ) -> AccountPage:
        """Accounts, newest first. InvalidCursor."""
        return await self._threads.read(
            lambda session: search_accounts(session, wish, limit=limit, cursor=cursor)
        )

    async def account(self, account_id: str) -> AccountFile:
        """One account. UnknownAccount."""
        now = self._clock.now()
        return await self._threads.read(lambda session: _account_file(session, account_id, now))

    async def acts(self, *, limit: int, cursor: str | None = None) -> ActionPage:
        """What operators did, newest first. InvalidCursor."""
        return await self._threads.read(
            lambda session: list_actions(session, limit=limit, cursor=cursor)
        )

    def act(self, operator: str, *, form_id: str, reason: str) -> Act:
        """An act to be done now, once a form. InvalidAct without a reason of one line."""
        if not 0 < len(reason) <= REFERENCE_LENGTH_MAX or not reason.isprintable():
            raise InvalidAct(f"A reason is one line of 1 to {REFERENCE_LENGTH_MAX} characters.")
        return Act(operator=operator, reference=form_id, reason=reason, now=self._clock.now())

    async def grant(
        self, act: Act, account_id: str, *, credits: int, expires_at: datetime | None
    ) -> None:
        """Give credits. UnknownAccount, InvalidExpiry, and IdempotencyConflict for a form that was
        sent before with another amount or for another account.
        """
        await self._threads.write(
            lambda session: grant_credits(
                session, act, account_id=account_id, credits=credits, expires_at=expires_at
            )
        )

    async def suspend(self, act: Act, account_id: str) -> None:
        """Have an account start nothing from now on. UnknownAccount."""
        await self._threads.write(lambda session: suspend(session, act, account_id=account_id))

    async def resume(self, act: Act, account_id: str) -> None:
        """End a suspension. UnknownAccount."""
        await self._threads.write(lambda session: resume(session, act, account_id=account_id))


def _account_file(session: Session, account_id: str, now: datetime) -> AccountFile:
    return AccountFile(
        account=get_account(session, account_id=account_id),
        email=emails_of(session, account_ids=[account_id]).get(account_id),
        wallet=read_wallet(session, account_id, now=now),
        keys=tuple(list_keys(session, account_id=account_id)),
        renders=list_progress(session, account_id=account_id, limit=RECENT_MAX),
        acts=list_actions(session, account_id=account_id, limit=RECENT_MAX),
    )
