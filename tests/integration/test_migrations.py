import importlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.orm import Session

import studio
from studio.db.base import Base
from studio.db.engine import Database, open_database
from studio.db.migrate import current_revision, head_revision, upgrade
from tests.fixtures_db import PostgresServer

BOOTING_PROCESSES = 2
CONNECTIONS = 6
HOUSE_ACCOUNTS = 7
BOOT = """
import sys
from studio.db.migrate import upgrade
print("ready", flush=True)
sys.stdin.readline()
upgrade(sys.argv[1])
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that has no tables yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.empty_database() as url:
        yield url


@pytest.fixture(scope="module", autouse=True)
def every_table() -> None:
    """Load the tables of every capability, also of those that nobody thought of here."""
    for package in studio.__path__:
        for module in sorted(Path(package).glob("*/tables.py")):
            importlib.import_module(f"studio.{module.parent.name}.tables")


def names_of_checks(session: Session, table: str) -> set[str | None]:
    return {check["name"] for check in inspect(session.connection()).get_check_constraints(table)}


def test_the_migrated_tables_are_those_of_the_code(database: Database) -> None:
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrated_checks_are_those_of_the_code(database: Database) -> None:
    assert "ledger_transfer" in Base.metadata.tables
    with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            declared = {
                str(check.name) for check in table.constraints if isinstance(check, CheckConstraint)
            }
            assert names_of_checks(session, table.name) == declared


def test_the_sqlite_checks_say_the_same_as_the_code(sqlite_database: Database) -> None:
    with sqlite_database.reading() as session:
        for table in Base.metadata.sorted_tables:
            migrated = inspect(session.connection()).get_check_constraints(table.name)
            declared = {
                (str(check.name), str(check.sqltext))
                for check in table.constraints
                if isinstance(check, CheckConstraint)
            }
            assert {(str(check["name"]), check["sqltext"]) for check in migrated} == declared


def test_upgrading_brings_an_empty_database_to_the_newest_revision(empty_url: str) -> None:
    assert current_revision(empty_url) is None
    upgrade(empty_url)
    assert current_revision(empty_url) == head_revision()


def test_upgrading_again_keeps_what_is_there(database_url: str) -> None:
    database = open_database(database_url)
    count = text("SELECT count(*) FROM ledger_account")
    with database.reading() as session:
        before = session.scalar(count)
    upgrade(database_url)
    with database.reading() as session:
        assert session.scalar(count) == before == HOUSE_ACCOUNTS
    database.dispose()


def test_a_revision_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    database = open_database(empty_url)
    with database.transaction() as session:
        session.execute(text("CREATE TABLE ledger_transfer (in_the_way INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        upgrade(empty_url)
    with database.reading() as session:
        assert inspect(session.connection()).get_table_names() == ["ledger_transfer"]
    database.dispose()


def test_processes_that_boot_together_all_find_a_migrated_database(
    empty_url: str, tmp_path: Path
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", BOOT, empty_url],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(BOOTING_PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = [process.communicate(timeout=60)[0] for process in processes]
    assert printed == [""] * BOOTING_PROCESSES
    assert [process.returncode for process in processes] == [0] * BOOTING_PROCESSES
    assert current_revision(empty_url) == head_revision()


def test_looking_at_the_revision_creates_no_file(tmp_path: Path) -> None:
    assert current_revision(f"sqlite:///{tmp_path / 'absent.db'}") is None
    assert list(tmp_path.iterdir()) == []


def test_upgrading_makes_the_folder_of_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a' / 'b' / 'fvs.db'}"
    upgrade(url)
    assert current_revision(url) == head_revision()


def test_connections_that_open_a_new_file_together_all_succeed(tmp_path: Path) -> None:
    start = Barrier(CONNECTIONS)

    def use(path: Path) -> None:
        database = open_database(f"sqlite:///{path}")
        start.wait(timeout=60)
        with database.transaction() as session:
            session.execute(text("CREATE TABLE IF NOT EXISTS shared (number INTEGER)"))
        database.dispose()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for attempt in range(15):
            list(pool.map(use, [tmp_path / f"{attempt}.db"] * CONNECTIONS))


def test_a_percent_sign_in_the_path_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / "100% mine"
    folder.mkdir()
    url = f"sqlite:///{folder / 'fvs.db'}"
    upgrade(url)
    assert current_revision(url) == head_revision()
