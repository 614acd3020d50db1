import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.fixtures_db import PostgresServer
from tests.property.ledger_faults import FAULTS
from tests.property.ledger_machine import LedgerMachine
from tests.property.ledger_operations import Operations

EXAMPLES = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
"""Without `Phase.shrink`, which can take minutes; add it to make a failure short to read."""

SEARCH = settings(EXAMPLES, max_examples=60)


Fresh = Callable[[], AbstractContextManager[str]]


def machine(operations_driven: type[Operations], fresh: Fresh) -> type[LedgerMachine]:
    class Machine(LedgerMachine):
        driven = operations_driven

        def fresh_database(self) -> AbstractContextManager[str]:
            return fresh()

    return Machine


@pytest.fixture(scope="session")
def sqlite_files(sqlite_template: Path) -> Fresh:
    """Copies of the migrated file."""

    @contextmanager
    def fresh() -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="ledger-", dir=sqlite_template.parent) as folder:
            path = Path(folder) / "fvs.db"
            shutil.copyfile(sqlite_template, path)
            yield f"sqlite:///{path}"

    return fresh


@pytest.mark.requirement("BILL-1", "BILL-4")
def test_the_ledger_agrees_with_its_model_whatever_is_done(sqlite_files: Fresh) -> None:
    run_state_machine_as_test(machine(Operations, sqlite_files), settings=EXAMPLES)


@pytest.mark.requirement("BILL-1", "BILL-4")
def test_it_does_on_postgresql_too(postgres_server: PostgresServer) -> None:
    fresh = postgres_server.migrated_database
    run_state_machine_as_test(machine(Operations, fresh), settings=EXAMPLES)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_state_machine_finds_a_planted_fault(
    fault: type[Operations], sqlite_files: Fresh
) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine(fault, sqlite_files), settings=SEARCH)
