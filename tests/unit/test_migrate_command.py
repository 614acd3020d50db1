"""`fvs migrate` brings tables up to date, or says in a sentence why it cannot."""

from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from runtime.cli import app
from studio.db.engine import open_database
from studio.db.migrate import head_revision


def migrate(url: str) -> Result:
    return CliRunner().invoke(app, ["migrate"], env={"FVS_DATABASE_URL": url})


def test_tables_are_made_and_made_again_without_harm(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/fvs.db"
    said = f"The database is at revision {head_revision()}.\n"
    assert migrate(url).stdout == said
    assert migrate(url).stdout == said


@pytest.mark.parametrize("file", ["a-folder", "not-a-database", "a-file/fvs.db"])
def test_a_database_that_cannot_be_used_is_one_sentence(tmp_path: Path, file: str) -> None:
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "not-a-database").write_text("x" * 4096)
    (tmp_path / "a-file").touch()
    result = migrate(f"sqlite:///{tmp_path}/{file}")
    assert result.exit_code == 1
    assert result.stderr.startswith("fvs: The database cannot be used: ")
    assert result.stderr.count("\n") == 1


def test_a_server_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    result = migrate(f"postgresql://fvs:hunter2@/fvs?host={tmp_path}")
    assert result.exit_code == 1
    assert result.stderr.startswith("fvs: The database cannot be used: ")
    assert result.stderr.count("\n") == 1
    assert "hunter2" not in result.stderr


def test_tables_of_a_newer_version_are_left_alone(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()
    result = migrate(sqlite_url)
    assert result.exit_code == 1
    assert result.stderr == (
        "fvs: The database was made by a newer version of this program; update it.\n"
    )
