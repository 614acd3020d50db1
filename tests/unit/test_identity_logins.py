"""E-mail addresses, passwords, and how a login is found and checked."""

import pytest
from sqlalchemy import select

from studio.accounts import service as accounts
from studio.db.engine import Database
from studio.identity import service as identity
from studio.identity.emails import normalise_email
from studio.identity.errors import (
    EmailTaken,
    InvalidEmail,
    InvalidPassword,
    UnknownLogin,
    WrongCredentials,
)
from studio.identity.passwords import Argon2Passwords, check_password, generate_password
from studio.identity.tables import LoginRow
from tests.identity_scenes import EMAIL, HASHER, PASSWORD, sign_up
from tests.kit.passwords import CountingPasswords
from tests.ledger_scenes import NOW


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("  ada@example.com ", "ada@example.com"),
        ("ada@exämple.de", "ada@exämple.de"),
        ("ADA@XN--EXMPLE-CUA.de", "ada@exämple.de"),
        ("A\N{COMBINING DIAERESIS}da@example.com", "äda@example.com"),
        ("用户@例子.广告", "用户@例子.广告"),
        ("ada+films@example.com", "ada+films@example.com"),
    ],
)
def test_an_address_has_one_spelling(written: str, kept: str) -> None:
    assert normalise_email(written) == kept
    assert normalise_email(kept) == kept


@pytest.mark.parametrize("other", ["strasse@example.com", "mike@example.com", "file@example.com"])
def test_addresses_that_only_fold_into_each_other_stay_apart(other: str) -> None:
    alike = {
        "straße@example.com",
        "m\N{LATIN SMALL LETTER DOTLESS I}ke@example.com",
        "ﬁle@example.com",
        "mİke@example.com",
    }
    assert other not in {normalise_email(written) for written in alike}


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@localhost",
        "ada@[127.0.0.1]",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada\0@example.com",
        "ada@example.com, eve@example.com",
        "Ada <ada@example.com>",
        '"ada lovelace"@example.com',
        "ada@" + "a" * 300 + ".com",
        "a" * 255 + "@example.com",
        "\ud800@example.com",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(written: str) -> None:
    with pytest.raises(InvalidEmail) as refused:
        normalise_email(written)
    assert "ada" not in refused.value.detail


@pytest.mark.parametrize("length", [10, 200])
def test_a_password_of_any_letters_is_told_from_every_other(length: int) -> None:
    for password in ("x" * length, "日" * length, "a b" * 66 + "c" * 2, "😀" * length):
        kept = identity.new_password_hash(HASHER, password)
        assert HASHER.verify(password, kept)
        assert not HASHER.verify(password[:-1], kept)


@pytest.mark.parametrize(
    "password",
    ["", "ninechars", "x" * 201, "x" * 100_000, "ten\0letters", "ten\nletters", "\ud800" * 12],
)
def test_a_password_too_short_too_long_or_with_what_no_keyboard_writes_is_refused(
    password: str,
) -> None:
    hasher = CountingPasswords()
    with pytest.raises(InvalidPassword):
        identity.new_password_hash(hasher, password)
    assert hasher.hashed == 0


def test_a_password_is_the_same_however_a_keyboard_composes_it(database: Database) -> None:
    login = sign_up(database)
    composed = "passwörter sind lang"
    with database.transaction() as session:
        kept = identity.new_password_hash(HASHER, composed)
        identity.set_password(session, account_id="acct_1", password_hash=kept, now=NOW)
        login = identity.login_of(session, account_id="acct_1")
    check_password(HASHER, login, composed.replace("ö", "o\N{COMBINING DIAERESIS}"))


def test_passwords_are_argon2id_with_the_parameters_of_the_rfc() -> None:
    kept = Argon2Passwords().hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert Argon2Passwords(memory_kib=64, passes=1).hash(PASSWORD) != kept


@pytest.mark.parametrize(
    "password", ["wrong password", "", "x" * 201, "x" * 100_000, "ten\0letters", "\ud800" * 12]
)
@pytest.mark.parametrize("known", [True, False])
def test_a_refusal_is_one_verified_hash_and_one_sentence_whatever_was_wrong(
    sqlite_database: Database, password: str, *, known: bool
) -> None:
    login = sign_up(sqlite_database) if known else None
    hasher = CountingPasswords()
    with pytest.raises(WrongCredentials) as refused:
        check_password(hasher, login, password)
    assert len(hasher.verified) == 1
    assert hasher.hashed == 0
    assert refused.value.detail == WrongCredentials().detail


def test_the_right_password_costs_the_same_one_hash(sqlite_database: Database) -> None:
    login, hasher = sign_up(sqlite_database), CountingPasswords()
    assert check_password(hasher, login, PASSWORD) is None
    assert hasher.verified == [login.password_hash]


def test_the_hash_of_no_login_costs_what_others_do(sqlite_database: Database) -> None:
    login, hasher = sign_up(sqlite_database), CountingPasswords()
    with pytest.raises(WrongCredentials):
        check_password(hasher, None, PASSWORD)
    (dummy,) = hasher.verified
    assert dummy.split("$")[:4] == login.password_hash.split("$")[:4]
    assert not hasher.is_outdated(dummy)


def test_a_hash_of_older_parameters_is_renewed_when_the_password_is_known(
    database: Database,
) -> None:
    login, newer = sign_up(database), CountingPasswords(passes=2)
    renewed = check_password(newer, login, PASSWORD)
    assert renewed is not None
    with database.transaction() as session:
        identity.keep_rehash(session, login=login, password_hash=renewed)
        login = identity.login_of(session, account_id="acct_1")
    assert (login.password_hash, login.password_changed_at) == (renewed, NOW)
    assert check_password(newer, login, PASSWORD) is None


def test_a_hash_that_is_renewed_late_does_not_bring_an_old_password_back(
    database: Database,
) -> None:
    login = sign_up(database)
    with database.transaction() as session:
        changed = identity.new_password_hash(HASHER, "another password")
        identity.set_password(session, account_id="acct_1", password_hash=changed, now=NOW)
        identity.keep_rehash(session, login=login, password_hash="of the old one")
        assert identity.login_of(session, account_id="acct_1").password_hash == changed


def test_a_damaged_hash_opens_nothing(sqlite_database: Database) -> None:
    login = sign_up(sqlite_database)
    with sqlite_database.transaction() as session:
        row = session.get_one(LoginRow, "acct_1")
        row.password_hash = "not a hash"
    with sqlite_database.reading() as session:
        login = identity.login_of(session, account_id="acct_1")
    with pytest.raises(WrongCredentials):
        check_password(HASHER, login, PASSWORD)


def test_a_login_is_found_by_any_spelling_of_its_address(database: Database) -> None:
    login = sign_up(database, email="Ada@EXÄMPLE.de")
    with database.reading() as session:
        assert identity.find_login(session, email="ADA@xn--exmple-cua.DE") == login
        assert identity.find_login(session, email="eve@exämple.de") is None
        assert identity.find_login(session, email="no address\0") is None


@pytest.mark.parametrize("again", [EMAIL, "ADA@Example.com", " ada@example.com"])
def test_an_address_is_one_accounts(database: Database, again: str) -> None:
    sign_up(database)
    with pytest.raises(EmailTaken):
        sign_up(database, "acct_2", again)
    with database.reading() as session:
        with pytest.raises(UnknownLogin):
            identity.login_of(session, account_id="acct_2")
        listed = accounts.list_accounts(session, limit=9)
        assert [account.account_id for account in listed] == ["acct_1"]


def test_the_password_is_nowhere_in_the_database_or_in_a_repr(database: Database) -> None:
    login = sign_up(database)
    with database.reading() as session:
        row = session.execute(select(*LoginRow.__table__.columns)).one()
    assert PASSWORD not in repr(tuple(row))
    assert login.password_hash not in repr(login)


def test_an_account_for_keys_alone_has_no_password_to_change(database: Database) -> None:
    with database.transaction() as session:
        accounts.create_account(session, account_id="acct_1", name="Ada", now=NOW)
        with pytest.raises(UnknownLogin):
            identity.set_password(session, account_id="acct_1", password_hash="x", now=NOW)


def test_generated_passwords_are_unlike_and_acceptable() -> None:
    made = {generate_password() for _ in range(50)}
    assert len(made) == 50
    assert all(identity.acceptable_password(password) == password for password in made)
