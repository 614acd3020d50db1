"""Signing up and in, sessions, passwords and links, as every surface uses them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from gateway.dependencies import Gateway
from gateway.limits import TooManyAttempts
from gateway.services.people import NewPerson
from studio.accounts.errors import InvalidAccount
from studio.accounts.records import EVERY_SCOPE
from studio.accounts.service import create_account, suspend_account
from studio.accounts.tables import AccountRow
from studio.identity.errors import (
    EmailTaken,
    InvalidEmail,
    InvalidPassword,
    InvalidReset,
    NotSignedIn,
    UnknownLogin,
    WrongCredentials,
)
from studio.identity.tables import LoginRow, PasswordResetRow, SessionRow
from studio.ledger.tables import LedgerAccountRow
from tests.api.kit import ApiStack
from tests.kit.passwords import CountingPasswords

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"
NEW_PASSWORD = "staple, horse, battery"
HERE, THERE = "192.0.2.1", "192.0.2.2"
ADA = NewPerson("Ada", EMAIL, PASSWORD)


@pytest.fixture
async def gateway(stack: ApiStack) -> AsyncIterator[Gateway]:
    served = Gateway(stack.dependencies)
    yield served
    await served.close()


def link(token: str) -> str:
    return f"https://studio.example/reset/{token}"


async def is_signed_in(gateway: Gateway, token: str) -> bool:
    try:
        await gateway.sessions.current(token)
    except NotSignedIn:
        return False
    return True


async def finish(gateway: Gateway) -> None:
    """Wait for links that are being made and for their mail."""
    await gateway.people.finish()
    await gateway.post.finish()


async def mailed_token(stack: ApiStack, gateway: Gateway, email: str = EMAIL) -> str:
    gateway.people.request_reset(email, address=HERE, link=link)
    await finish(gateway)
    return stack.mailer.last_link(email).removeprefix(link(""))


def count(stack: ApiStack, table: type[object]) -> int:
    with stack.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


async def test_who_signs_up_is_signed_in_with_a_wallet_and_every_right(
    stack: ApiStack, gateway: Gateway
) -> None:
    opened = await gateway.people.sign_up(ADA, address=HERE)
    current = await gateway.sessions.current(opened.token)
    profile = await gateway.people.profile(opened.account_id)

    assert (current.account.name, profile.email) == ("Ada", EMAIL)
    assert (current.principal.key_id, current.principal.scopes) == (None, EVERY_SCOPE)
    assert not current.account.is_operator
    assert stack.available(opened.account_id) == 0


@pytest.mark.parametrize(
    ("person", "refusal"),
    [
        (NewPerson("", EMAIL, PASSWORD), InvalidAccount),
        (NewPerson("Ada\x1b[2J", EMAIL, PASSWORD), InvalidAccount),
        (NewPerson("Ada", "ada", PASSWORD), InvalidEmail),
        (NewPerson("Ada", "ada\0@example.com", PASSWORD), InvalidEmail),
        (NewPerson("Ada", EMAIL, "short"), InvalidPassword),
        (NewPerson("Ada", EMAIL, "x" * 201), InvalidPassword),
    ],
)
async def test_who_cannot_sign_up_leaves_nothing_behind_and_costs_no_hash(
    stack: ApiStack, gateway: Gateway, person: NewPerson, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await gateway.people.sign_up(person, address=HERE)
    assert [count(stack, table) for table in (AccountRow, LoginRow, SessionRow)] == [0, 0, 0]
    assert stack.password_hasher.hashed == 0


async def test_of_many_who_sign_up_with_one_address_at_once_one_gets_it(
    stack: ApiStack, gateway: Gateway
) -> None:
    wallets_before = count(stack, LedgerAccountRow)
    people = [NewPerson("Ada", spelled, PASSWORD) for spelled in (EMAIL, EMAIL.upper(), EMAIL)]
    outcomes = await asyncio.gather(
        *(gateway.people.sign_up(person, address=HERE) for person in people),
        return_exceptions=True,
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "EmailTaken",
        "EmailTaken",
        "OpenedSession",
    ]
    assert [count(stack, table) for table in (AccountRow, LoginRow, SessionRow)] == [1, 1, 1]
    assert count(stack, LedgerAccountRow) == wallets_before + 1


async def test_signing_in_always_gives_a_new_token(gateway: Gateway) -> None:
    first = await gateway.people.sign_up(ADA, address=HERE)
    second = await gateway.sessions.sign_in(" ADA@example.com", PASSWORD, address=HERE)

    assert first.token != second.token
    assert await is_signed_in(gateway, first.token)
    assert await is_signed_in(gateway, second.token)


async def test_a_token_that_was_put_into_a_browser_is_never_adopted(
    stack: ApiStack, gateway: Gateway
) -> None:
    planted = "a" * 43
    assert not await is_signed_in(gateway, planted)
    opened = await gateway.people.sign_up(ADA, address=HERE)
    assert not await is_signed_in(gateway, planted)
    await gateway.sessions.sign_out(opened.token)
    assert not await is_signed_in(gateway, opened.token)
    again = await gateway.sessions.sign_in(EMAIL, PASSWORD, address=HERE)
    assert again.token not in (planted, opened.token)
    assert count(stack, SessionRow) == 1


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "wrong password"),
        (EMAIL, ""),
        (EMAIL, "x" * 100_000),
        (EMAIL, "nul\0nul\0nul"),
        ("eve@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("nul\0@example.com", PASSWORD),
        ("\ud800@example.com", "\ud800" * 12),
        ("", ""),
    ],
)
async def test_every_wrong_sign_in_does_the_same_work_and_says_the_same(
    stack: ApiStack, gateway: Gateway, email: str, password: str
) -> None:
    await gateway.people.sign_up(ADA, address=HERE)
    stack.password_hasher.verified.clear()
    hashed = stack.password_hasher.hashed
    with pytest.raises(WrongCredentials) as refused:
        await gateway.sessions.sign_in(email, password, address=HERE)

    assert len(stack.password_hasher.verified) == 1
    assert stack.password_hasher.hashed == hashed
    assert refused.value.detail == WrongCredentials().detail
    assert count(stack, SessionRow) == 1


async def test_an_older_hash_is_renewed_at_the_next_sign_in(
    stack: ApiStack, gateway: Gateway
) -> None:
    await gateway.people.sign_up(ADA, address=HERE)
    newer = CountingPasswords(passes=2)
    stack.configure(password_hasher=newer)
    updated = Gateway(stack.dependencies)
    for _ in range(2):
        await updated.sessions.sign_in(EMAIL, PASSWORD, address=HERE)
    await updated.close()

    assert newer.hashed == 1
    assert len({*newer.verified}) == 2


async def test_an_address_tries_ten_times_a_minute_and_an_e_mail_is_tried_five_times(
    stack: ApiStack, gateway: Gateway
) -> None:
    async def tried(email: str, address: str) -> str:
        try:
            await gateway.sessions.sign_in(email, "wrong password", address=address)
        except (WrongCredentials, TooManyAttempts) as error:
            return error.code
        return "signed in"

    await gateway.people.sign_up(ADA, address=HERE)
    known = [await tried(EMAIL, f"203.0.113.{host}") for host in range(6)]
    unknown = [await tried("eve@example.com", f"198.51.100.{host}") for host in range(6)]
    spraying = [await tried(f"user-{n}@example.com", THERE) for n in range(11)]
    verified = len(stack.password_hasher.verified)
    refused = await tried(EMAIL, HERE)

    assert known == unknown == ["wrong_credentials"] * 5 + ["too_many_attempts"]
    assert spraying == ["wrong_credentials"] * 10 + ["too_many_attempts"]
    assert (refused, len(stack.password_hasher.verified)) == ("too_many_attempts", verified)


async def test_signing_up_is_tried_five_times_a_minute(gateway: Gateway) -> None:
    for number in range(5):
        person = NewPerson("Ada", f"ada-{number}@example.com", PASSWORD)
        await gateway.people.sign_up(person, address=HERE)
    with pytest.raises(TooManyAttempts) as refused:
        await gateway.people.sign_up(ADA, address=HERE)
    assert refused.value.retry_after_seconds == 12
    await gateway.people.sign_up(ADA, address=THERE)


async def test_a_session_ends_by_time_and_its_use_is_noted(
    stack: ApiStack, gateway: Gateway
) -> None:
    token = (await gateway.people.sign_up(ADA, address=HERE)).token
    for _ in range(2):
        stack.time.elapsed_seconds += timedelta(days=13).total_seconds()
        assert await is_signed_in(gateway, token)
        await gateway.sessions.finish()
    stack.time.elapsed_seconds += timedelta(days=4).total_seconds()
    assert not await is_signed_in(gateway, token)


async def test_a_suspended_person_signs_in_and_looks(stack: ApiStack, gateway: Gateway) -> None:
    opened = await gateway.people.sign_up(ADA, address=HERE)
    with stack.database.transaction() as session:
        suspend_account(session, account_id=opened.account_id, now=stack.time.now())
    again = await gateway.sessions.sign_in(EMAIL, PASSWORD, address=HERE)
    assert (await gateway.sessions.current(again.token)).principal.is_suspended


async def test_a_changed_password_signs_every_other_browser_out(
    stack: ApiStack, gateway: Gateway
) -> None:
    here = await gateway.people.sign_up(ADA, address=HERE)
    there = await gateway.sessions.sign_in(EMAIL, PASSWORD, address=THERE)
    link_token = await mailed_token(stack, gateway)
    opened = await gateway.people.change_password(
        here.account_id, old_password=PASSWORD, new_password=NEW_PASSWORD
    )

    tokens = (here.token, there.token, opened.token)
    assert [await is_signed_in(gateway, token) for token in tokens] == [False, False, True]
    with pytest.raises(InvalidReset):
        await gateway.people.finish_reset(link_token, "yet another password")
    with pytest.raises(WrongCredentials):
        await gateway.sessions.sign_in(EMAIL, PASSWORD, address=HERE)
    await gateway.sessions.sign_in(EMAIL, NEW_PASSWORD, address=HERE)


async def test_a_password_is_changed_only_by_who_knows_it(gateway: Gateway) -> None:
    opened = await gateway.people.sign_up(ADA, address=HERE)
    for old, new, refusal in (
        ("wrong password", NEW_PASSWORD, WrongCredentials),
        (PASSWORD, "short", InvalidPassword),
    ):
        with pytest.raises(refusal):
            await gateway.people.change_password(
                opened.account_id, old_password=old, new_password=new
            )
    assert await is_signed_in(gateway, opened.token)
    await gateway.sessions.sign_in(EMAIL, PASSWORD, address=HERE)


async def test_a_stolen_session_does_not_guess_the_password(gateway: Gateway) -> None:
    opened = await gateway.people.sign_up(ADA, address=HERE)
    for refusal in [WrongCredentials] * 5 + [TooManyAttempts]:
        with pytest.raises(refusal):
            await gateway.people.change_password(
                opened.account_id, old_password="wrong password", new_password=NEW_PASSWORD
            )


async def test_an_account_for_keys_alone_has_no_password(stack: ApiStack, gateway: Gateway) -> None:
    with stack.database.transaction() as session:
        create_account(session, account_id="acct_one", name="Robot", now=stack.time.now())
    assert (await gateway.people.profile("acct_one")).email is None
    with pytest.raises(UnknownLogin):
        await gateway.people.change_password(
            "acct_one", old_password=PASSWORD, new_password=NEW_PASSWORD
        )


async def test_a_mailed_link_sets_a_password_once_and_signs_everybody_out(
    stack: ApiStack, gateway: Gateway
) -> None:
    opened = await gateway.people.sign_up(ADA, address=HERE)
    token = await mailed_token(stack, gateway)
    await gateway.people.check_reset(token)
    with pytest.raises(InvalidPassword):
        await gateway.people.finish_reset(token, "short")
    await gateway.people.finish_reset(token, NEW_PASSWORD)

    assert not await is_signed_in(gateway, opened.token)
    await gateway.sessions.sign_in(EMAIL, NEW_PASSWORD, address=HERE)
    hashed = stack.password_hasher.hashed
    with pytest.raises(InvalidReset):
        await gateway.people.finish_reset(token, PASSWORD)
    assert stack.password_hasher.hashed == hashed
    await finish(gateway)
    assert stack.mailer.subjects(EMAIL) == ["Set a new password", "Your password was changed"]


async def test_a_link_goes_to_the_address_that_is_kept_and_not_to_the_one_that_asks(
    stack: ApiStack, gateway: Gateway
) -> None:
    await gateway.people.sign_up(ADA, address=HERE)
    for asked in (" ADA@EXAMPLE.COM", "eve@example.com", "no address", f"{EMAIL}, eve@example.com"):
        gateway.people.request_reset(asked, address=HERE, link=link)
    await finish(gateway)

    assert [message.to for message in stack.mailer.sent] == [EMAIL]
    assert count(stack, PasswordResetRow) == 1


async def test_asking_for_a_link_answers_before_it_is_known_whether_there_is_a_login(
    stack: ApiStack, gateway: Gateway
) -> None:
    await gateway.people.sign_up(ADA, address=HERE)
    for email in (EMAIL, "eve@example.com"):
        gateway.people.request_reset(email, address=HERE, link=link)
    assert (count(stack, PasswordResetRow), stack.mailer.sent) == (0, [])


async def test_nobodys_mailbox_is_filled(gateway: Gateway) -> None:
    await gateway.people.sign_up(ADA, address=HERE)
    for host in range(5):
        gateway.people.request_reset(EMAIL, address=f"203.0.113.{host}", link=link)
    with pytest.raises(TooManyAttempts):
        gateway.people.request_reset(EMAIL, address="203.0.113.99", link=link)
    for number in range(5):
        gateway.people.request_reset(f"user-{number}@example.com", address=THERE, link=link)
    with pytest.raises(TooManyAttempts):
        gateway.people.request_reset("user@example.com", address=THERE, link=link)


async def test_a_mail_that_cannot_be_sent_fails_nothing_else_and_tells_the_log_nothing(
    stack: ApiStack, gateway: Gateway
) -> None:
    opened = await gateway.people.sign_up(ADA, address=HERE)
    stack.mailer.away = True
    with capture_logs() as logged:
        gateway.people.request_reset(EMAIL, address=HERE, link=link)
        await gateway.people.change_password(
            opened.account_id, old_password=PASSWORD, new_password=NEW_PASSWORD
        )
        await finish(gateway)

    told = [(line["event"], line["error"]) for line in logged]
    assert told == [("mail not sent", "ConnectionRefusedError")] * 2
    assert not any(secret in str(logged) for secret in (EMAIL, "studio.example", PASSWORD))
    registry = stack.dependencies.metrics.registry
    assert registry.get_sample_value("fvs_mails_total", {"outcome": "mail_not_sent"}) == 2


async def test_a_person_is_called_what_they_say(gateway: Gateway) -> None:
    opened = await gateway.people.sign_up(ADA, address=HERE)
    await gateway.people.rename(opened.account_id, "Grace <script>")
    with pytest.raises(InvalidAccount):
        await gateway.people.rename(opened.account_id, "")
    assert (await gateway.people.profile(opened.account_id)).account.name == "Grace <script>"


async def test_an_address_that_is_taken_costs_the_account_nothing(gateway: Gateway) -> None:
    opened = await gateway.people.sign_up(ADA, address=HERE)
    with pytest.raises(EmailTaken):
        await gateway.people.sign_up(
            NewPerson("Eve", "ADA@example.com", NEW_PASSWORD), address=HERE
        )
    assert await is_signed_in(gateway, opened.token)
    await gateway.sessions.sign_in(EMAIL, PASSWORD, address=HERE)


async def test_nothing_secret_is_in_a_repr(gateway: Gateway) -> None:
    opened = await gateway.people.sign_up(ADA, address=HERE)
    shown = f"{ADA!r} {opened!r} {await gateway.people.profile(opened.account_id)!r}"
    assert not any(secret in shown for secret in (EMAIL, PASSWORD, opened.token))
