"""Mail to the owners of wallets that run low."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.orm import Session

from activities.heartbeats import heartbeating
from activities.measures import count_mail
from activities.workbench import Workbench
from studio.accounts.records import Watched
from studio.accounts.service import list_watched, note_balance
from studio.identity.service import emails_of
from studio.ledger.service import balances
from studio.mail.errors import MailError
from studio.mail.letters import low_balance_letter
from studio.mail.ports import Mailer, Message

WATCHED_AT_ONCE: Final = 200
"""Accounts of a transaction, which keeps others from writing."""

log: Final = structlog.get_logger(__name__)


class MailedNotices:
    """`LowBalanceNotices` of the sweep over wallets, by mail. `wallet_url` is where to buy more."""

    def __init__(self, bench: Workbench, mailer: Mailer, *, wallet_url: str | None = None) -> None:
        self._bench = bench
        self._mailer = mailer
        self._wallet_url = wallet_url

    async def send_due(self, now: datetime) -> int:
        """Tell whoever is to be told, once until their wallet is filled again; how many were.

        Who has no address is told nothing, and is told as soon as there is one. A mail that fails
        ends this round: while the mail server is away, nobody else's notice is used up.
        """
        told, after = 0, ""
        while True:
            found, due = await self._look(after)
            for account_id in due:
                letter = await self._note(account_id, now)
                if letter is None:
                    continue
                if not await self._send(letter):
                    return told
                told += 1
            if len(found) < WATCHED_AT_ONCE:
                return told
            after = found[-1].account_id

    async def _look(self, after: str) -> tuple[Sequence[Watched], list[str]]:
        def look(session: Session) -> tuple[Sequence[Watched], list[str]]:
            return _due(session, after)

        return await self._bench.transact(look)

    async def _note(self, account_id: str, now: datetime) -> Message | None:
        """The letter that is due. It counts as sent from here on.

        The mark and the look are one transaction, and the letter leaves after it: a worker that
        dies in between loses one letter, and nobody ever gets it twice.
        """

        def note(session: Session) -> Message | None:
            email = emails_of(session, account_ids=[account_id]).get(account_id)
            found = balances(session, owners=[account_id]).get(account_id)
            available = found.available if found else 0
            if email is None or not note_balance(
                session, account_id=account_id, available_credits=available, now=now
            ):
                return None
            return low_balance_letter(
                email, available_credits=available, wallet_url=self._wallet_url
            )

        return await self._bench.transact(note)

    async def _send(self, letter: Message) -> bool:
        async with heartbeating("telling owners of low balances"):
            try:
                await asyncio.to_thread(self._mailer.send, letter)
            except MailError as error:
                count_mail(error.code)
                log.warning("mail not sent", code=error.code, subject=letter.subject)
                return False
        count_mail("sent")
        return True


def _due(session: Session, after: str) -> tuple[Sequence[Watched], list[str]]:
    """A page of accounts that want to be told, and those of them where something is to be noted:
    the balance has fallen below the notice, or was told of and has risen again.
    """
    watched = list_watched(session, after=after, limit=WATCHED_AT_ONCE)
    found = balances(session, owners=[each.account_id for each in watched])
    available = {owner: wallet.available for owner, wallet in found.items()}
    return watched, [
        each.account_id
        for each in watched
        if each.is_noticed != (available.get(each.account_id, 0) < each.low_balance_credits)
    ]
