"""`fvs` for people: how they get in, what their keys may do, who is an operator, who did what."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from runtime.dev_account import EMAIL, prepare_database
from studio.accounts import service as accounts
from studio.accounts.service import KeyScope
from studio.db.engine import Database
from studio.identity import service as identity
from tests.kit.commands import PEPPER, Fvs, answer, refusal
from tests.ledger_scenes import NOW

PEPPERS = [PEPPER.encode()]
HASHER = identity.Argon2Passwords(memory_kib=64, passes=1)


def audited(fvs: Fvs, *words: str) -> list[tuple[object, ...]]:
    """Who did what to whom, newest first."""
    actions = answer(fvs("audit", "list", *words, "--json"))["actions"]
    assert isinstance(actions, list)
    return [(each["operator"], each["action"], each["account_id"]) for each in actions]


def test_an_owner_signs_in_with_the_password_that_is_printed_once(
    fvs: Fvs, sqlite_database: Database
) -> None:
    made = answer(fvs("accounts", "create", "Ada", "--email", "Ada@Example.com", "--json"))
    other = answer(fvs("accounts", "create", "Eve", "--email", "eve@example.com", "--json"))
    with sqlite_database.reading() as session:
        login = identity.find_login(session, email="ada@example.com")
    assert login is not None
    identity.check_password(HASHER, login, str(made["password"]))
    assert (made["email"], login.account_id) == ("ada@example.com", made["account_id"])
    assert made["password"] != other["password"]
    assert str(made["password"]) not in fvs("audit", "list").stdout


def test_for_people_the_password_is_said_to_be_shown_this_once(fvs: Fvs) -> None:
    made = fvs("accounts", "create", "Ada", "--email", "ada@example.com")
    assert "ada@example.com signs in with " in made.stdout
    assert "not shown again" in made.stderr


@pytest.mark.parametrize("email", ["ada", "", "ADA@example.com"])
def test_an_account_whose_owner_cannot_sign_in_is_not_made(fvs: Fvs, email: str) -> None:
    fvs("accounts", "create", "Ada", "--email", "ada@example.com")
    assert "e-mail address" in refusal(fvs("accounts", "create", "Bob", "--email", email))
    assert len(json.loads(fvs("accounts", "list", "--json").stdout)) == 1


def test_an_account_is_suspended_and_resumed(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    first = answer(fvs("accounts", "suspend", "acct_1", "--reason", "spam", "--json"))
    assert answer(fvs("accounts", "suspend", "acct_1", "--json")) == first
    assert answer(fvs("accounts", "show", "acct_1", "--json"))["suspended_at"]
    assert "is suspended" in fvs("accounts", "suspend", "acct_1").stdout
    assert "is not suspended" in fvs("accounts", "resume", "acct_1").stdout
    assert answer(fvs("accounts", "resume", "acct_1", "--json"))["suspended_at"] is None
    assert audited(fvs, "--account", "acct_1") == [
        ("shell", "accounts.resume", "acct_1"),
        ("shell", "accounts.suspend", "acct_1"),
        ("shell", "accounts.create", "acct_1"),
    ]


def test_operators_are_named_and_dismissed(fvs: Fvs) -> None:
    for account_id in ("acct_1", "acct_2"):
        fvs("accounts", "create", "Ada", "--id", account_id)
    assert "There are no operators yet." in fvs("operators", "list").stdout
    assert answer(fvs("operators", "add", "acct_1", "--json"))["role"] == "operator"
    assert "is an operator" in fvs("operators", "add", "acct_1").stdout
    listed = json.loads(fvs("operators", "list", "--json").stdout)
    assert [each["account_id"] for each in listed] == ["acct_1"]
    assert "acct_1" in fvs("operators", "list").stdout
    assert "is a customer" in fvs("operators", "remove", "acct_1").stdout
    assert json.loads(fvs("operators", "list", "--json").stdout) == []
    assert [action for _, action, _ in audited(fvs)][:2] == ["operators.remove", "operators.add"]


def test_a_key_is_made_on_terms(fvs: Fvs, sqlite_database: Database) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    words = ("--scope", "renders:read", "--scope", "wallet:read", "--expires", "90d")
    limits = ("--per-minute", "60", "--per-month", "500")
    made = answer(fvs("keys", "create", "acct_1", *words, *limits, "--json"))
    with sqlite_database.reading() as session:
        info = accounts.key_info(session, key_id=str(made["key_id"]))
    (listed,) = json.loads(fvs("keys", "list", "acct_1", "--json").stdout)

    assert info.terms.scopes == {KeyScope.RENDERS_READ, KeyScope.WALLET_READ}
    assert info.terms.expires_at == info.created_at + timedelta(days=90)
    assert (info.terms.requests_per_minute_max, info.terms.credits_per_month_max) == (60, 500)
    assert (listed["scopes"], listed["per_minute"]) == ("renders:read wallet:read", 60)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2099-01-31", datetime(2099, 1, 31, tzinfo=UTC)),
        ("2099-01-31T12:00:00+02:00", datetime(2099, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_a_key_ends_at_a_date_or_a_moment(
    fvs: Fvs, sqlite_database: Database, written: str, moment: datetime
) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    made = answer(fvs("keys", "create", "acct_1", "--expires", written, "--json"))
    with sqlite_database.reading() as session:
        assert accounts.key_info(session, key_id=str(made["key_id"])).terms.expires_at == moment


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--scope", "renders:delete"), "renders:read, renders:write, wallet:read"),
        (("--expires", "tomorrow"), "90d"),
        (("--expires", ""), "90d"),
        (("--expires", "2020-01-01"), "in the future"),
        (("--per-minute", "60001"), "60000"),
    ],
)
def test_terms_that_no_key_can_have_are_named(
    fvs: Fvs, words: tuple[str, ...], sentence: str
) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    assert sentence in refusal(fvs("keys", "create", "acct_1", *words))
    assert json.loads(fvs("keys", "list", "acct_1", "--json").stdout) == []


def test_what_the_shell_does_to_keys_and_credits_is_in_the_audit_log(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    key = str(answer(fvs("keys", "create", "acct_1", "--json"))["key_id"])
    fvs("keys", "rotate", key)
    fvs("keys", "revoke", key)
    fvs("credits", "grant", "acct_1", "5")
    assert [action for _, action, _ in audited(fvs)] == [
        "credits.grant",
        "keys.revoke",
        "keys.rotate",
        "keys.create",
        "accounts.create",
    ]
    assert "credits.grant" in fvs("audit", "list").stdout


def test_what_failed_is_not_in_the_audit_log(fvs: Fvs) -> None:
    refusal(fvs("accounts", "create", "", "--id", "acct_1"))
    refusal(fvs("keys", "create", "nobody"))
    assert audited(fvs) == []
    assert "No operator has done anything yet." in fvs("audit", "list").stdout


def test_the_audit_log_is_paged(fvs: Fvs) -> None:
    for number in range(3):
        fvs("accounts", "create", "Ada", "--id", f"acct_{number}")
    first = answer(fvs("audit", "list", "--limit", "2", "--json"))
    rest = audited(fvs, "--cursor", str(first["next_cursor"]))
    assert [account_id for _, _, account_id in rest] == ["acct_0"]
    assert "cursor" in refusal(fvs("audit", "list", "--cursor", "x"))


def test_the_first_account_of_a_stack_is_an_operator_s_who_can_sign_in(
    sqlite_url: str, sqlite_database: Database
) -> None:
    def prepared(known_password: str | None = None) -> str:
        account = prepare_database(
            sqlite_url, known_key=None, known_password=known_password, peppers=PEPPERS, now=NOW
        )
        assert account.email == EMAIL
        assert account.password not in repr(account)
        return account.password

    def opens(password: str) -> bool:
        with sqlite_database.reading() as session:
            login = identity.login_of(session, account_id="dev")
        return HASHER.verify(password, login.password_hash)

    first = prepared()
    assert opens(first)
    assert prepared(first) == first
    assert opens(first)
    lost = prepared()
    assert (opens(lost), opens(first)) == (True, False)
    with sqlite_database.reading() as session:
        assert accounts.get_account(session, account_id="dev").is_operator
