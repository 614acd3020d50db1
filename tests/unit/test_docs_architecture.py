"""The map of the code names what there is, and the diagram of a quote's money has its states."""

import re
from pathlib import Path

import pytest

from studio.contracts.payment import PaymentState

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
PAYMENTS = (ROOT / "docs" / "payments.md").read_text("utf-8")
FOLDERS = ("workflows", "activities", "gateway", "studio", "runtime", "tests")
NAMED = re.findall(r"`([\w/]+\.(?:py|yaml))`", ARCHITECTURE)
MAPPED = ("workflows", "studio/quotes", "studio/payments")
"""Folders whose modules are all on the map."""


def test_every_file_on_the_map_exists() -> None:
    files = [path.as_posix() for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")]
    assert [name for name in NAMED if not any(file.endswith(f"/{name}") for file in files)] == []


@pytest.mark.parametrize("folder", MAPPED)
def test_every_module_of_a_mapped_folder_is_on_the_map(folder: str) -> None:
    modules = {path.name for path in (ROOT / folder).glob("*.py")} - {"__init__.py"}
    assert modules - {Path(name).name for name in NAMED} == set()


def test_the_diagram_and_the_page_have_every_state_of_a_quotes_money() -> None:
    diagram = ARCHITECTURE.partition("stateDiagram-v2")[2].partition("```")[0]
    drawn = set(re.findall(r"^ +([a-z]+) -->", diagram, re.MULTILINE))
    drawn |= set(re.findall(r"--> ([a-z]+)", diagram))
    assert drawn == {state.value for state in PaymentState}
    assert [state for state in PaymentState if f"`{state}`" not in PAYMENTS] == []
