import pytest

from studio.accounts import service as accounts
from studio.accounts.errors import AccountExists, InvalidAccount, UnknownAccount
from studio.accounts.tables import AccountRow
from studio.contracts.request import VideoResolution
from studio.db.engine import Database
from tests.ledger_scenes import EXPIRY, NOW

PUBLISHED = accounts.new_account_defaults()
CHOSEN = PUBLISHED.model_copy(
    update={
        "video_model": "kling-v3-pro-image-to-video",
        "video_resolution": VideoResolution.P1080,
        "stage_voice_briefs_enabled": False,
    }
)


def create(database: Database, account_id: str = "acct_1", name: str = "Ada") -> None:
    with database.transaction() as session:
        accounts.create_account(session, account_id=account_id, name=name, now=NOW)


@pytest.mark.requirement("AUTH-4")
def test_a_new_account_starts_with_the_published_defaults(database: Database) -> None:
    create(database)
    with database.reading() as session:
        assert accounts.account_defaults(session, account_id="acct_1") == PUBLISHED


@pytest.mark.requirement("AUTH-4")
def test_saved_defaults_are_those_that_are_read_back(database: Database) -> None:
    create(database)
    create(database, "acct_2")
    with database.transaction() as session:
        accounts.save_defaults(session, account_id="acct_1", defaults=CHOSEN)
    with database.reading() as session:
        assert accounts.account_defaults(session, account_id="acct_1") == CHOSEN
        assert accounts.account_defaults(session, account_id="acct_2") == PUBLISHED


def test_an_account_can_start_with_its_own_defaults(database: Database) -> None:
    with database.transaction() as session:
        accounts.create_account(session, account_id="acct_1", name="Ada", now=NOW, defaults=CHOSEN)
    with database.reading() as session:
        assert accounts.get_account(session, account_id="acct_1").defaults == CHOSEN


def test_a_field_that_was_saved_by_no_release_yet_has_its_default(database: Database) -> None:
    with database.transaction() as session:
        saved = {"video_model": "kling-v3-pro-image-to-video", "of_a_newer_release": 1}
        session.add(AccountRow(account_id="acct_1", name="Ada", defaults=saved, created_at=NOW))
    with database.reading() as session:
        defaults = accounts.account_defaults(session, account_id="acct_1")
    assert defaults == PUBLISHED.model_copy(update={"video_model": "kling-v3-pro-image-to-video"})


def test_an_account_id_is_used_once(database: Database) -> None:
    create(database)
    with database.transaction() as session:
        with pytest.raises(AccountExists):
            accounts.create_account(session, account_id="acct_1", name="Bob", now=NOW)
        assert accounts.get_account(session, account_id="acct_1").name == "Ada"


@pytest.mark.parametrize(
    ("account_id", "name"),
    [
        ("", "Ada"),
        ("a" * 65, "Ada"),
        ("../etc", "Ada"),
        ("acct_1\n", "Ada"),
        ("acct_1", ""),
        ("acct_1", "  "),
        ("acct_1", "n" * 201),
        ("acct_1", "Ada\x1b[2J"),
    ],
)
def test_an_id_or_name_that_cannot_be_shown_is_refused(
    sqlite_database: Database, account_id: str, name: str
) -> None:
    with pytest.raises(InvalidAccount):
        create(sqlite_database, account_id, name)


def test_an_unknown_account_is_refused(database: Database) -> None:
    with database.transaction() as session:
        with pytest.raises(UnknownAccount):
            accounts.account_defaults(session, account_id="nobody")
        with pytest.raises(UnknownAccount):
            accounts.get_account(session, account_id="nobody")
        with pytest.raises(UnknownAccount):
            accounts.save_defaults(session, account_id="nobody", defaults=CHOSEN)
        with pytest.raises(UnknownAccount):
            accounts.list_keys(session, account_id="nobody")


def test_accounts_are_listed_newest_first(database: Database) -> None:
    create(database, "old")
    with database.transaction() as session:
        accounts.create_account(session, account_id="new", name="Bob", now=EXPIRY)
    with database.reading() as session:
        listed = accounts.list_accounts(session, limit=9)
        assert [account.account_id for account in listed] == ["new", "old"]
        assert len(accounts.list_accounts(session, limit=1)) == 1
