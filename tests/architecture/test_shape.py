"""The house rules that a machine can check."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("workflows", "activities", "gateway", "studio", "runtime", "bench")
FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70


def _sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize(
    ("folders", "lines_max"), [(PACKAGES, FILE_LINES_MAX), (("tests",), TEST_FILE_LINES_MAX)]
)
def test_no_file_is_two_files(folders: tuple[str, ...], lines_max: int) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _sources(*folders)
        if (lines := len(path.read_text().splitlines())) > lines_max
    }
    assert long == {}


def test_no_function_is_longer_than_a_page() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": length
        for path in _sources(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert long == {}


def test_package_files_are_empty_so_that_no_import_hides_in_them() -> None:
    filled = [
        str(path.relative_to(ROOT))
        for path in _sources(*PACKAGES, "tests")
        if path.name == "__init__.py" and path.read_text().strip()
    ]
    assert filled == []


def test_there_is_no_drawer_for_everything() -> None:
    names = {path.name for path in _sources(*PACKAGES, "tests")}
    assert names & {"utils.py", "helpers.py", "common.py", "misc.py"} == set()


def test_nothing_below_the_composition_roots_reads_the_clock_or_the_environment() -> None:
    forbidden = ("os.environ", "os.getenv", "datetime.now(", "time.time(", "datetime.utcnow(")
    found = {
        str(path.relative_to(ROOT))
        for path in _sources("workflows", "activities", "gateway", "studio")
        for phrase in forbidden
        if phrase in path.read_text()
    }
    assert found <= CLOCKS


CLOCKS: set[str] = set()
