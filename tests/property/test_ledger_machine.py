from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.ledger_machine import LedgerMachine
from tests.property.ledger_operations import FAULTS, Operations

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


def machine(operations_driven: Operations, file_copied: Path) -> type[LedgerMachine]:
    class Machine(LedgerMachine):
        operations = operations_driven
        template = file_copied

    return Machine


@pytest.mark.requirement("BILL-1", "BILL-4")
def test_the_ledger_agrees_with_its_model_whatever_is_done(sqlite_template: Path) -> None:
    run_state_machine_as_test(machine(Operations(), sqlite_template), settings=EXAMPLES)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_state_machine_finds_a_planted_fault(
    fault: type[Operations], sqlite_template: Path
) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine(fault(), sqlite_template), settings=SEARCH)
