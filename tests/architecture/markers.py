"""What the tests say of themselves in their markers, read without running them."""

import ast
from functools import cache
from pathlib import Path
from typing import TypeVar

TESTS = Path(__file__).resolve().parents[1]

Value = TypeVar("Value", int, str)


def marked(marker: str, kind: type[Value]) -> set[Value]:
    """Every argument of this kind that any test gives to the marker."""
    return {
        argument.value
        for call in _calls_in_tests()
        if isinstance(call.func, ast.Attribute) and call.func.attr == marker
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, kind)
    }


@cache
def _calls_in_tests() -> tuple[ast.Call, ...]:
    return tuple(
        node
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    )
