"""Promises and tests are checked against each other, both ways."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.requirements import DELIVERED, REQUIREMENTS, Part

TESTS = Path(__file__).resolve().parents[1]


def _named_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        is_marker = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "requirement"
        )
        if is_marker and isinstance(node, ast.Call):
            yield from (
                argument.value
                for argument in node.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            )


def _named() -> set[str]:
    return {name for path in TESTS.rglob("test_*.py") for name in _named_in(path)}


def test_every_promise_of_a_delivered_part_has_a_test() -> None:
    promised = {item.id for item in REQUIREMENTS if item.part in DELIVERED}
    assert promised - _named() == set()


def test_no_test_names_an_unknown_promise() -> None:
    assert _named() - {item.id for item in REQUIREMENTS} == set()


def test_every_promise_is_listed_once() -> None:
    ids = [item.id for item in REQUIREMENTS]
    assert len(ids) == len(set(ids))


def test_parts_that_are_not_delivered_are_listed_as_such() -> None:
    open_parts = {item.part for item in REQUIREMENTS} - DELIVERED
    assert open_parts == set(Part) - DELIVERED
