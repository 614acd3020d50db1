"""Signing in, signing out, and who a browser's session is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from gateway.clock import Clock
from gateway.limits import AddressRate, TooManyAttempts
from gateway.metrics import GatewayMetrics
from gateway.services.background import Background
from gateway.services.passwords import Passwords
from gateway.services.threads import Threads
from studio.accounts.records import Account, Principal
from studio.accounts.service import get_account
from studio.identity.errors import InvalidEmail, WrongCredentials
from studio.identity.service import (
    OpenedSession,
    end_session,
    end_sessions,
    find_login,
    keep_rehash,
    normalise_email,
    open_session,
    read_session,
    touch_session,
)

SIGN_INS_PER_ADDRESS_AND_MINUTE_MAX: Final = 10
SIGN_INS_PER_EMAIL_AND_MINUTE_MAX: Final = 5
"""Some 7,000 guesses a day at one password, from all addresses together."""


@dataclass(frozen=True)
class CurrentSession:
    """Who is signed in. Its principal may do all that the account may."""

    account: Account
    expires_at: datetime

    @property
    def principal(self) -> Principal:
        return principal_of(self.account)


def principal_of(account: Account) -> Principal:
    """A person who acts for their account: with every scope, and no key."""
    return Principal(
        account_id=account.account_id,
        key_id=None,
        is_suspended=account.suspended_at is not None,
    )


class EmailRate:
    """How often one address of e-mail may be tried, from wherever.

    Known and unknown ones count alike; what is no address is nobody's, and has no count.
    """

    def __init__(self, rate: AddressRate) -> None:
        self._rate = rate

    def take(self, email: str) -> None:
        """TooManyAttempts."""
        try:
            kept = normalise_email(email)
        except InvalidEmail:
            return
        self._rate.take(kept)


class Sessions:
    """The use cases of a session, whichever surface they come from."""

    def __init__(
        self, *, threads: Threads, passwords: Passwords, clock: Clock, metrics: GatewayMetrics
    ) -> None:
        self._threads = threads
        self._passwords = passwords
        self._clock = clock
        self._metrics = metrics
        self._address_rate = AddressRate(
            SIGN_INS_PER_ADDRESS_AND_MINUTE_MAX, clock.monotonic, TooManyAttempts
        )
        self.email_rate = EmailRate(
            AddressRate(SIGN_INS_PER_EMAIL_AND_MINUTE_MAX, clock.monotonic, TooManyAttempts)
        )
        self._background = Background()

    async def sign_in(self, email: str, password: str, *, address: str) -> OpenedSession:
        """Open a session, with a token that nobody has seen before.

        WrongCredentials for an unknown address and a wrong password alike, after the same work;
        TooManyAttempts. A suspended account may sign in, and look.
        """
        try:
            opened = await self._sign_in(email, password, address)
        except (WrongCredentials, TooManyAttempts) as error:
            self._metrics.sign_in_ended(error.code)
            raise
        self._metrics.sign_in_ended("signed_in")
        return opened

    async def _sign_in(self, email: str, password: str, address: str) -> OpenedSession:
        self._address_rate.take(address)
        self.email_rate.take(email)
        login = await self._threads.read(lambda session: find_login(session, email=email))
        newer_hash = await self._passwords.check(login, password)
        if login is None:
            raise WrongCredentials
        now = self._clock.now()

        def work(session: Session) -> OpenedSession:
            opened = open_session(session, login=login, now=now)
            if newer_hash is not None:
                keep_rehash(session, login=login, password_hash=newer_hash)
            return opened

        return await self._threads.write(work)

    async def sign_out(self, token: str) -> None:
        """End the session of a token, whichever it is."""
        await self._threads.write(lambda session: end_session(session, token=token))

    async def sign_out_everywhere(self, account_id: str) -> None:
        """End every session of an account."""
        await self._threads.write(lambda session: end_sessions(session, account_id=account_id))

    async def current(self, token: str) -> CurrentSession:
        """Whose session it is. NotSignedIn."""
        now = self._clock.now()

        def read(session: Session) -> tuple[CurrentSession, bool]:
            found = read_session(session, token=token, now=now)
            account = get_account(session, account_id=found.account_id)
            return CurrentSession(account, found.expires_at), found.touch_due

        current, touch_due = await self._threads.read(read)
        if touch_due:
            self._background.start(self._touch(token, now), "use of a session not noted")
        return current

    async def finish(self) -> None:
        await self._background.finish()

    async def _touch(self, token: str, now: datetime) -> None:
        await self._threads.write(lambda session: touch_session(session, token=token, now=now))
