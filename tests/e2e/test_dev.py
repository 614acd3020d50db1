"""`fvs dev` keeps its processes alive, its state safe, and says plainly why it cannot start."""

import os
import signal
import socket
import sqlite3
import stat
from functools import partial
from pathlib import Path

import httpx2
import pytest

from runtime.dev_files import DevNote, Pids
from tests.e2e.dev_driver import (
    PATIENCE_SECONDS,
    Ports,
    RunningStack,
    free_ports,
    is_alive,
    launch,
    running_stack,
    told,
    until,
)

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


@pytest.fixture
def ports() -> Ports:
    return free_ports()


def refusal(directory: Path, ports: Ports) -> str:
    """What a stack that cannot start says on standard error, having ended with exit code 1."""
    process = launch(directory, ports)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert output == ""
    assert "Traceback" not in errors
    return errors.strip()


def answers(stack: RunningStack) -> bool:
    try:
        return bool(told(stack.note.gateway_url).variables)
    except httpx2.HTTPError:
        return False


def is_replaced(stack: RunningStack, name: str, pid: int) -> bool:
    successor = stack.pids.model_dump()[name]
    return successor != pid and is_alive(successor)


def test_the_note_for_scripts_tells_where_everything_is(tmp_path: Path, ports: Ports) -> None:
    with running_stack(tmp_path / "s", ports) as stack:
        note = stack.note
        assert set(DevNote.model_fields) == {
            "gateway_url",
            "temporal_address",
            "temporal_ui_url",
            "api_key",
            "database_url",
            "storage_path",
            "email",
            "password",
            "stripe_url",
            "stripe_secret_key",
            "stripe_spt_url",
            "pids",
        }
        assert note.gateway_url == f"http://127.0.0.1:{ports.gateway}"
        assert note.temporal_address == f"127.0.0.1:{ports.temporal}"
        assert note.temporal_ui_url == f"http://127.0.0.1:{ports.ui}"
        assert note.api_key.startswith("fvs_live_")
        assert note.email == "dev@example.com"
        assert len(note.password or "") >= 20
        assert note.database_url == f"sqlite:///{tmp_path}/s/fvs.db"
        assert note.storage_path == f"{tmp_path}/s/storage"
        assert all(pid and is_alive(pid) for pid in note.pids.model_dump().values())
        variables = told(note.gateway_url).variables
        assert variables["FVS_DATABASE_URL"] == note.database_url
        assert variables["FVS_UNCONFIGURED_MODELS"] == "local"
        assert variables["TEMPORAL_ADDRESS"] == note.temporal_address
        assert httpx2.get(note.temporal_ui_url, trust_env=False, follow_redirects=True).is_success
        for private in ("dev.json", "secrets.json"):
            assert stat.S_IMODE((tmp_path / "s" / private).stat().st_mode) == 0o600


def test_whatever_dies_is_started_again_and_noted(tmp_path: Path, ports: Ports) -> None:
    with running_stack(tmp_path, ports) as stack:
        before = stack.pids.model_dump()
        for name, pid in before.items():
            os.kill(pid, signal.SIGKILL)
            until(partial(is_replaced, stack, name, pid))
        after = stack.pids.model_dump()
        assert not set(before.values()) & set(after.values())
        until(lambda: answers(stack))
        assert stack.process.poll() is None


def test_stopping_ends_every_process_and_keeps_the_state(tmp_path: Path, ports: Ports) -> None:
    with running_stack(tmp_path, ports) as stack:
        first = stack.note
        assert stack.stop() == 0
        assert not any(is_alive(pid) for pid in first.pids.model_dump().values())
        assert stack.note == first.model_copy(update={"pids": Pids()})
    with running_stack(tmp_path, ports) as stack:
        again = stack.note
        assert again.model_copy(update={"pids": first.pids}) == first
        assert again.pids != first.pids


def test_no_process_outlives_a_stack_that_is_killed(tmp_path: Path, ports: Ports) -> None:
    with running_stack(tmp_path, ports) as stack:
        pids = stack.pids.model_dump().values()
        stack.process.kill()
        until(lambda: not any(is_alive(pid) for pid in pids))
    with running_stack(tmp_path, ports) as stack:
        assert stack.pids.gateway is not None


@pytest.mark.parametrize(
    ("taken", "option"),
    [
        ("gateway", "--gateway-port"),
        ("temporal", "--temporal-port"),
        ("ui", "--ui-port"),
        ("stripe", "--stripe-port"),
    ],
)
def test_a_taken_port_is_named_with_its_option(
    tmp_path: Path, ports: Ports, taken: str, option: str
) -> None:
    number = getattr(ports, taken)
    with socket.create_server(("127.0.0.1", number)):
        sentence = refusal(tmp_path, ports)
    assert sentence.startswith(f"Port {number} of 127.0.0.1, wanted for the ")
    assert sentence.endswith(f"is taken. Stop what uses it, or choose another with {option}.")


def test_a_second_stack_in_one_folder_is_refused(tmp_path: Path, ports: Ports) -> None:
    with running_stack(tmp_path, ports):
        assert refusal(tmp_path, free_ports()) == (
            f"Another stack is already running in {tmp_path}; stop it first, or choose another "
            "folder with --directory."
        )


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, ports: Ports) -> None:
    (tmp_path / "file").write_text("no folder")
    sentence = refusal(tmp_path / "file", ports)
    assert sentence == f"{tmp_path}/file cannot be written: File exists."


def test_a_database_of_a_newer_release_is_refused(tmp_path: Path, ports: Ports) -> None:
    with running_stack(tmp_path, ports):
        pass
    connection = sqlite3.connect(tmp_path / "fvs.db")
    connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
    connection.commit()
    connection.close()
    assert refusal(tmp_path, ports) == (
        f"The database sqlite:///{tmp_path}/fvs.db was made by a newer version of this program; "
        "update it, or choose another folder with --directory."
    )


def test_damaged_secrets_are_not_replaced_in_silence(tmp_path: Path, ports: Ports) -> None:
    (tmp_path / "secrets.json").write_text("{}")
    assert "secrets.json is damaged. Restore it" in refusal(tmp_path, ports)
