"""Cases of paid quotes and tests are checked against each other, both ways."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.payment_cases import PAYMENT_CASES

TESTS = Path(__file__).resolve().parents[1]
CASES_COUNT = 45
"""Gathered from the protocol's drafts, its libraries' defects and what others reported."""


def _named_in(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text())):
        is_marker = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "payment_case"
        )
        if is_marker and isinstance(node, ast.Call):
            yield from (
                argument.value
                for argument in node.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, int)
            )


def _named() -> set[int]:
    return {number for path in TESTS.rglob("test_*.py") for number in _named_in(path)}


def test_every_case_has_a_test() -> None:
    assert set(PAYMENT_CASES) - _named() == set()


def test_no_test_names_an_unknown_case() -> None:
    assert _named() - set(PAYMENT_CASES) == set()


def test_no_case_is_left_out() -> None:
    assert list(PAYMENT_CASES) == list(range(1, CASES_COUNT + 1))
