import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from runtime.dev_files import StackFolder
from studio.accounts import service as accounts
from studio.db.engine import Database, open_database
from tests.kit.commands import PEPPER, Fvs, answer, refusal
from tests.ledger_scenes import NOW, WALLET, hold


@pytest.mark.parametrize(
    "words",
    [
        ("accounts", "create"),
        ("accounts", "list"),
        ("accounts", "show"),
        ("accounts", "defaults"),
        ("accounts", "suspend"),
        ("accounts", "resume"),
        ("operators", "add"),
        ("operators", "remove"),
        ("operators", "list"),
        ("audit", "list"),
        ("keys", "create"),
        ("keys", "list"),
        ("keys", "revoke"),
        ("keys", "rotate"),
        ("credits", "grant"),
        ("credits", "balance"),
        ("credits", "statement"),
        ("credits", "audit"),
    ],
    ids=" ".join,
)
def test_every_command_explains_itself_and_can_answer_in_json(
    fvs: Fvs, words: tuple[str, str]
) -> None:
    helped = fvs(*words, "--help", TERM="dumb", COLUMNS="200")
    assert helped.exit_code == 0
    assert "--json" in helped.stdout


def test_an_account_is_created_with_a_key_and_credits(fvs: Fvs, sqlite_url: str) -> None:
    account_id = str(answer(fvs("accounts", "create", "Ada", "--json"))["account_id"])
    issued = answer(fvs("keys", "create", account_id, "--test", "--json"))
    granted = answer(fvs("credits", "grant", account_id, "500", "--json"))
    shown = answer(fvs("accounts", "show", account_id, "--json"))
    assert granted["balance"] == {
        "available": 500,
        "held": 0,
        "spent": 0,
        "granted": 500,
        "promotional": 500,
    }
    assert (shown["credits_available"], shown["keys_active"]) == (500, 1)
    database = open_database(sqlite_url)
    with database.reading() as session:
        principal = accounts.authenticate(
            session, secret=str(issued["api_key"]), peppers=[PEPPER.encode()], now=NOW
        )
    database.dispose()
    assert (principal.account_id, principal.is_test) == (f"{account_id}~test", True)


def test_what_is_printed_for_people_says_the_same(fvs: Fvs) -> None:
    assert "acct_1" in fvs("accounts", "create", "Ada", "--id", "acct_1").stdout
    assert "acct_1" in fvs("accounts", "list").stdout
    assert fvs("keys", "create", "acct_1").stdout.startswith("fvs_live_")
    assert "fvs_live_…" in fvs("keys", "list", "acct_1").stdout
    assert "500 credits available" in fvs("credits", "grant", "acct_1", "500").stdout
    assert "500" in fvs("credits", "balance", "acct_1").stdout
    assert "grant" in fvs("credits", "statement", "acct_1").stdout
    assert "realistic_cinematic" in fvs("accounts", "defaults", "acct_1").stdout
    assert "credits_available" in fvs("accounts", "show", "acct_1").stdout
    assert fvs("credits", "audit").stdout == "The ledger adds up.\n"


def test_only_the_key_itself_goes_to_standard_output(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    created = fvs("keys", "create", "acct_1")
    assert created.stdout.count("\n") == 1
    assert "not shown again" in created.stderr


def test_a_grant_under_the_same_reference_counts_once(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    words = ("credits", "grant", "acct_1", "500", "--reference", "first", "--json")
    assert answer(fvs(*words)) == answer(fvs(*words))
    assert "already used" in refusal(fvs("credits", "grant", "acct_1", "1", "--reference", "first"))


def test_a_grant_may_end_and_says_why_it_was_given(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    words = ("credits", "grant", "acct_1", "500", "--expires", "30d", "--reason", "Welcome")
    assert fvs(*words).exit_code == 0
    fvs("credits", "grant", "acct_1", "7", "--reference", "for good")
    shown = json.loads(fvs("credits", "balance", "acct_1", "--json").stdout)
    assert (shown["available"], shown["promotional"]) == (507, 507)
    ending, lasting = shown["grants"]
    assert (ending["remaining"], ending["reason"]) == (500, "Welcome")
    lifetime = datetime.fromisoformat(ending["expires_at"]) - datetime.fromisoformat(
        ending["created_at"]
    )
    assert lifetime == timedelta(days=30)
    assert (lasting["grant_id"], lasting["expires_at"]) == ("for good", None)
    assert "Welcome" in fvs("credits", "balance", "acct_1").stdout
    assert "Welcome" in fvs("credits", "statement", "acct_1").stdout


def test_a_grant_may_end_in_hours(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    fvs("credits", "grant", "acct_1", "500", "--expires", "12h")
    (gift,) = json.loads(fvs("credits", "balance", "acct_1", "--json").stdout)["grants"]
    given, ends = (datetime.fromisoformat(gift[name]) for name in ("created_at", "expires_at"))
    assert ends - given == timedelta(hours=12)


@pytest.mark.parametrize("end", ["", "30", "d", "-1d", "0d", "1w", "٣d", "1.5d", "2020-01-01"])
def test_a_grant_that_could_not_end_then_is_refused(fvs: Fvs, end: str) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    assert refusal(fvs("credits", "grant", "acct_1", "5", f"--expires={end}"))
    assert json.loads(fvs("credits", "balance", "acct_1", "--json").stdout)["available"] == 0


def test_a_key_is_revoked_and_rotated(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    first = str(answer(fvs("keys", "create", "acct_1", "--json"))["key_id"])
    second = str(answer(fvs("keys", "rotate", first, "--json"))["key_id"])
    assert answer(fvs("keys", "revoke", second, "--json"))["revoked_at"]
    assert "is revoked or has expired" in refusal(fvs("keys", "rotate", second))
    assert second in refusal(fvs("keys", "rotate", first))
    listed = json.loads(fvs("keys", "list", "acct_1", "--json").stdout)
    assert {key["key_id"]: key["active"] for key in listed} == {first: True, second: False}


@pytest.mark.requirement("AUTH-4")
def test_defaults_are_changed_field_by_field(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    changes = ["--set", "stage_voice_briefs_enabled=false", "--set", "video_resolution=1080p"]
    changed = answer(fvs("accounts", "defaults", "acct_1", *changes, "--json"))
    assert changed == answer(fvs("accounts", "defaults", "acct_1", "--json"))
    assert (changed["stage_voice_briefs_enabled"], changed["video_resolution"]) == (False, "1080p")
    assert changed["image_model"] == "gemini-3-pro-image-preview"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("video_modle=x", "video_model"),
        ("video_model", "FIELD=VALUE"),
        ("video_model=no-such-model", "no-such-model"),
        ("video_model=gemini-3.5-flash", "gemini-3.5-flash"),
        ("visual_style_preset=no_such_style", "no_such_style"),
        ("video_resolution=8k", "video_resolution"),
        ("stage_voice_briefs_enabled=perhaps", "stage_voice_briefs_enabled"),
    ],
)
def test_a_default_nobody_can_render_with_is_refused(fvs: Fvs, change: str, sentence: str) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    before = answer(fvs("accounts", "defaults", "acct_1", "--json"))
    assert sentence in refusal(fvs("accounts", "defaults", "acct_1", "--set", change))
    assert answer(fvs("accounts", "defaults", "acct_1", "--json")) == before


@pytest.mark.parametrize(
    "words",
    [
        ("accounts", "show", "nobody"),
        ("accounts", "defaults", "nobody"),
        ("accounts", "suspend", "nobody"),
        ("accounts", "resume", "nobody"),
        ("operators", "add", "nobody"),
        ("operators", "remove", "nobody"),
        ("keys", "create", "nobody"),
        ("keys", "list", "nobody"),
        ("credits", "grant", "nobody", "5"),
        ("credits", "balance", "nobody"),
        ("credits", "statement", "nobody"),
    ],
    ids=" ".join,
)
def test_an_unknown_account_is_named(fvs: Fvs, words: tuple[str, ...]) -> None:
    assert "There is no account nobody." in refusal(fvs(*words))


def test_an_empty_reference_or_id_is_a_mistake_and_none_is_made_up(fvs: Fvs) -> None:
    """As a shell's unset variable gives it: a repetition would grant a second time."""
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    assert "reference" in refusal(fvs("credits", "grant", "acct_1", "5", "--reference", ""))
    assert "account id" in refusal(fvs("accounts", "create", "Bob", "--id", ""))
    assert answer(fvs("credits", "balance", "acct_1", "--json"))["granted"] == 0


def test_an_account_that_exists_is_not_created_again(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    assert "already an account" in refusal(fvs("accounts", "create", "Bob", "--id", "acct_1"))


def test_credits_are_whole_and_at_least_one(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    for amount in ("0", "1.5", "many"):
        assert fvs("credits", "grant", "acct_1", amount).exit_code == 2
    assert "not an amount" in refusal(fvs("credits", "grant", "acct_1", "1" + "0" * 12))


def test_a_missing_pepper_is_named(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    assert "FVS_KEY_PEPPER" in refusal(fvs("keys", "create", "acct_1", FVS_KEY_PEPPER=None))


def test_beside_a_development_stack_keys_are_made_with_its_pepper(
    fvs: Fvs, sqlite_url: str, sqlite_database: Database, tmp_path: Path
) -> None:
    stack = StackFolder(tmp_path).secrets()
    assert sqlite_url == f"sqlite:///{tmp_path}/fvs.db"
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    made = answer(fvs("keys", "create", "acct_1", "--json", FVS_KEY_PEPPER=None))
    with sqlite_database.reading() as session:
        owner = accounts.authenticate(
            session, secret=str(made["api_key"]), peppers=[stack.key_pepper.encode()], now=NOW
        )
    assert owner.account_id == "acct_1"


def test_a_database_without_tables_is_told_how_to_get_them(fvs: Fvs, tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    failed = fvs("accounts", "list", FVS_DATABASE_URL=f"sqlite:///{empty}")
    assert "fvs migrate" in refusal(failed)
    assert not empty.exists()


def test_a_database_that_is_away_is_a_sentence_without_its_password(fvs: Fvs) -> None:
    url = "postgresql://fvs:hunter2-hunter2@127.0.0.1:1/fvs"
    sentence = refusal(fvs("accounts", "list", FVS_DATABASE_URL=url))
    assert "The database cannot be used" in sentence
    assert "hunter2" not in sentence


def test_drift_is_told_and_fails_the_command(fvs: Fvs, sqlite_database: Database) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    fvs("credits", "grant", "acct_1", "100")
    with sqlite_database.transaction() as session:
        hold(session, {"project": 12})
        session.execute(
            text("UPDATE ledger_account SET debits_pending = 13 WHERE id = :wallet"),
            {"wallet": WALLET},
        )
    audited = fvs("credits", "audit", "--json")
    assert audited.exit_code == 1
    assert "does not match its transfers" in json.loads(audited.stdout)["findings"][0]


def test_a_reference_cannot_steer_the_terminal(fvs: Fvs) -> None:
    fvs("accounts", "create", "Ada", "--id", "acct_1")
    fvs("credits", "grant", "acct_1", "5", "--reference", "\x1b[2Jgone")
    assert "\x1b" not in fvs("credits", "statement", "acct_1").stdout
