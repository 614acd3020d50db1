"""What the tests say of themselves in their markers, read without running them."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

TESTS = Path(__file__).resolve().parents[1]

Value = TypeVar("Value", int, str)


def marked(marker: str, kind: type[Value]) -> set[Value]:
    """Every argument of this kind that any test gives to the marker."""
    return {value for path in TESTS.rglob("test_*.py") for value in _named_in(path, marker, kind)}


def _named_in(path: Path, marker: str, kind: type[Value]) -> Iterator[Value]:
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == marker
        ):
            yield from (
                argument.value
                for argument in node.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, kind)
            )
