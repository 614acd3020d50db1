"""Signing up, passwords, and what an account says of its owner."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.orm import Session

from gateway.clock import Clock
from gateway.limits import AddressRate, TooManyAttempts
from gateway.services.background import Background
from gateway.services.passwords import Passwords
from gateway.services.post import Post
from gateway.services.sessions import EmailRate
from gateway.services.threads import Threads
from studio.accounts.records import Account
from studio.accounts.service import (
    check_name,
    create_account,
    get_account,
    new_account_id,
    rename_account,
)
from studio.identity.errors import WrongCredentials
from studio.identity.service import (
    OpenedSession,
    acceptable_password,
    check_reset,
    create_login,
    emails_of,
    find_login,
    login_of,
    normalise_email,
    open_reset,
    open_session,
    set_password,
    use_reset,
)
from studio.ledger.service import open_wallet
from studio.mail.letters import password_changed_letter, reset_letter

SIGN_UPS_PER_ADDRESS_AND_MINUTE_MAX: Final = 5
"""It tells whether an address is taken, so it is no place to try a list of them."""
RESETS_PER_MINUTE_MAX: Final = 5
"""Of an address of the network, and for one of e-mail: nobody's mailbox is to be filled."""


@dataclass(frozen=True)
class NewPerson:
    """What somebody signs up with."""

    name: str
    email: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class Profile:
    """An account and its e-mail address; None where it was made for keys alone."""

    account: Account
    email: str | None = field(repr=False)


class People:
    """The use cases of people, whichever surface they come from."""

    def __init__(
        self,
        *,
        threads: Threads,
        passwords: Passwords,
        post: Post,
        email_rate: EmailRate,
        clock: Clock,
    ) -> None:
        """`email_rate` is that of signing in: whoever tries passwords elsewhere counts there."""
        self._threads = threads
        self._passwords = passwords
        self._post = post
        self._email_rate = email_rate
        self._clock = clock
        self._sign_up_rate = AddressRate(
            SIGN_UPS_PER_ADDRESS_AND_MINUTE_MAX, clock.monotonic, TooManyAttempts
        )
        self._reset_rate = AddressRate(RESETS_PER_MINUTE_MAX, clock.monotonic, TooManyAttempts)
        self._reset_email_rate = EmailRate(
            AddressRate(RESETS_PER_MINUTE_MAX, clock.monotonic, TooManyAttempts)
        )
        self._background = Background()

    async def sign_up(self, person: NewPerson, *, address: str) -> OpenedSession:
        """Make an account with a wallet and a login, and sign its owner in, or none of it.

        InvalidAccount for a bad name, InvalidEmail, InvalidPassword, EmailTaken, TooManyAttempts.
        """
        self._sign_up_rate.take(address)
        check_name(person.name)
        normalise_email(person.email)
        password_hash = await self._passwords.hash_new(person.password)
        account_id, now = new_account_id(), self._clock.now()

        def work(session: Session) -> OpenedSession:
            create_account(session, account_id=account_id, name=person.name, now=now)
            open_wallet(session, owner=account_id, now=now)
            create_login(
                session,
                account_id=account_id,
                email=person.email,
                password_hash=password_hash,
                now=now,
            )
            return open_session(session, login=login_of(session, account_id=account_id), now=now)

        return await self._threads.write(work)

    async def change_password(
        self, account_id: str, *, old_password: str, new_password: str
    ) -> OpenedSession:
        """Change it for whoever knows it, end all sessions, and open the one that goes on.

        WrongCredentials, InvalidPassword, UnknownLogin, TooManyAttempts.
        """
        login = await self._threads.read(lambda session: login_of(session, account_id=account_id))
        self._email_rate.take(login.email)
        acceptable_password(new_password)
        await self._passwords.check(login, old_password)
        password_hash = await self._passwords.hash_new(new_password)
        now = self._clock.now()

        def work(session: Session) -> OpenedSession:
            if login_of(session, account_id=account_id).password_hash != login.password_hash:
                raise WrongCredentials
            set_password(session, account_id=account_id, password_hash=password_hash, now=now)
            return open_session(session, login=login_of(session, account_id=account_id), now=now)

        opened = await self._threads.write(work)
        self._post.send_soon(password_changed_letter(login.email))
        return opened

    def request_reset(self, email: str, *, address: str, link: Callable[[str], str]) -> None:
        """Mail a link that sets a new password, if there is a login. `link` makes it of a token.

        Everything happens behind the answer's back, so that neither it nor its time tells whether
        the address is known. TooManyAttempts.
        """
        self._reset_rate.take(address)
        self._reset_email_rate.take(email)
        self._background.start(self._mail_reset(email, link), "link for a password not mailed")

    async def check_reset(self, token: str) -> None:
        """InvalidReset where the link does not work any more."""
        now = self._clock.now()
        await self._threads.read(lambda session: check_reset(session, token=token, now=now))

    async def finish_reset(self, token: str, password: str) -> None:
        """Set the password that a link is for, and end every session of the account.

        InvalidReset, before anything is hashed; InvalidPassword, after which the link still works.
        """
        await self.check_reset(token)
        password_hash = await self._passwords.hash_new(password)
        now = self._clock.now()

        def work(session: Session) -> str:
            account_id = use_reset(session, token=token, now=now)
            set_password(session, account_id=account_id, password_hash=password_hash, now=now)
            return login_of(session, account_id=account_id).email

        self._post.send_soon(password_changed_letter(await self._threads.write(work)))

    async def profile(self, account_id: str) -> Profile:
        """UnknownAccount."""

        def read(session: Session) -> Profile:
            account = get_account(session, account_id=account_id)
            return Profile(account, emails_of(session, account_ids=[account_id]).get(account_id))

        return await self._threads.read(read)

    async def rename(self, account_id: str, name: str) -> None:
        """InvalidAccount, UnknownAccount."""
        await self._threads.write(
            lambda session: rename_account(session, account_id=account_id, name=name)
        )

    async def finish(self) -> None:
        """Wait for links that are being made; their mail is the post's."""
        await self._background.finish()

    async def _mail_reset(self, email: str, link: Callable[[str], str]) -> None:
        now = self._clock.now()

        def work(session: Session) -> tuple[str, str] | None:
            login = find_login(session, email=email)
            if login is None:
                return None
            return login.email, open_reset(session, account_id=login.account_id, now=now)

        found = await self._threads.write(work)
        if found is not None:
            known, token = found
            self._post.send_soon(reset_letter(known, link(token)))
