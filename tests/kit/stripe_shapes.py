"""What others say that Stripe's objects look like: the SDK's annotated classes, and stripe-mock."""

import ast
import importlib
import inspect
import operator
import os
import subprocess
import sys
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import NoneType

import pytest
import stripe

INSTALLER = Path(__file__).parents[2] / "scripts" / "install-stripe-mock"
INSTALL_SECONDS_MAX = 900
STOP_SECONDS_MAX = 10
LISTENING = "Listening for HTTP at address: "


def mistakes(document: object, cls: type[stripe.StripeObject], where: str = "") -> list[str]:
    """Where a document departs from an annotated class of the SDK: a field that is missing, that
    is not known, or whose value has another type or is none of the published ones."""
    if not isinstance(document, Mapping):
        return [f"{where}: no object"]
    hints = _fields(cls.__module__, cls.__qualname__)
    found = [f"{where}.{name}: unknown" for name in document if name not in hints]
    for name, hint in hints.items():
        path = f"{where}.{name}"
        if name in document:
            found += _misfits(document[name], hint, path)
        elif NoneType not in _alternatives(hint):
            found.append(f"{path}: missing")
    return found


def _misfits(value: object, hint: object, where: str) -> list[str]:
    alternatives = _alternatives(hint)
    if any(_fits(value, one, literals=_literals(alternatives)) for one in alternatives):
        return []
    tried = [_deeper(value, one, where) for one in alternatives]
    closer = [found for found in tried if found is not None]
    if [] in closer:
        return []
    return closer[0] if closer else [f"{where}: {value!r} is not {hint}"]


def _fits(value: object, hint: object, *, literals: set[object]) -> bool:
    """A plain value. Where Stripe publishes values of a text, another text does not fit."""
    if hint is typing.Any or value is None:
        return hint in {typing.Any, NoneType}
    if typing.get_origin(hint) is typing.Literal:
        return value in typing.get_args(hint)
    if hint is str:
        return isinstance(value, str) and not (literals and value not in literals)
    if hint in {int, bool, float}:
        return type(value) is hint
    return False


def _deeper(value: object, hint: object, where: str) -> list[str] | None:
    """The mistakes inside a value of this hint, or None where it is not of that kind at all."""
    origin, inner = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin is list and isinstance(value, list):
        return [mistake for one in value for mistake in _misfits(one, inner[0], f"{where}[]")]
    if not isinstance(value, Mapping) or not isinstance(origin, type):
        return None
    if origin is dict or origin.__name__ == "UntypedStripeObject":
        return [] if all(isinstance(name, str) for name in value) else [f"{where}: names"]
    if origin is stripe.ListObject or origin is stripe.SearchResultObject:
        items = value.get("data", [])
        return [mistake for one in items for mistake in _misfits(one, inner[0], f"{where}[]")]
    return mistakes(value, origin, where) if issubclass(origin, stripe.StripeObject) else None


def _alternatives(hint: object) -> tuple[object, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) is typing.Union else (hint,)


def _literals(alternatives: tuple[object, ...]) -> set[object]:
    return {
        value
        for one in alternatives
        if typing.get_origin(one) is typing.Literal
        for value in typing.get_args(one)
    }


@cache
def _fields(module_name: str, class_name: str) -> dict[str, object]:
    """The fields that a class of the SDK declares."""
    cls = operator.attrgetter(class_name)(sys.modules[module_name])
    resolved = typing.get_type_hints(cls, _names(module_name))
    return {
        name: resolved[name]
        for name in cls.__annotations__
        if not name.startswith("_") and typing.get_origin(resolved[name]) is not typing.ClassVar
    }


@cache
def _names(module_name: str) -> dict[str, object]:
    """The names of a module, also those that it imports for type checkers only."""
    module = sys.modules[module_name]
    names = dict(vars(module))
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if not isinstance(node, ast.If) or getattr(node.test, "id", "") != "TYPE_CHECKING":
            continue
        for line in node.body:
            if isinstance(line, ast.ImportFrom) and ".params" not in (line.module or ""):
                source = importlib.import_module(line.module or "")
                names |= {one.asname or one.name: getattr(source, one.name) for one in line.names}
    return names


def differences(ours: object, theirs: object, where: str = "") -> list[str]:
    """What their answer has and ours has not, or has as another type. None says nothing."""
    if ours is None or theirs is None:
        return []
    if isinstance(theirs, Mapping):
        if not isinstance(ours, Mapping):
            return [f"{where}: no object"]
        missing = [f"{where}.{name}: missing" for name in theirs if name not in ours]
        both = [name for name in theirs if name in ours]
        return missing + [
            found
            for name in both
            for found in differences(ours[name], theirs[name], f"{where}.{name}")
        ]
    if isinstance(theirs, list):
        if not isinstance(ours, list):
            return [f"{where}: no list"]
        return differences(ours[0], theirs[0], f"{where}[]") if ours and theirs else []
    return [] if type(ours) is type(theirs) else [f"{where}: {type(ours)}, not {type(theirs)}"]


@contextmanager
def running_stripe_mock(*arguments: str) -> Iterator[str]:
    """Stripe's own mock on free ports of this machine; yields its address."""
    process = subprocess.Popen(
        # Without both addresses it listens on every interface.
        [_program(), "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as log:
        try:
            line = next(line for line in log if line.startswith(LISTENING))
            yield f"http://{line.removeprefix(LISTENING).strip()}"
        finally:
            process.terminate()
            process.wait(STOP_SECONDS_MAX)


def _program() -> str:
    """Build it if need be. Without Go the tests are skipped, but never on a build server."""
    installed = subprocess.run(
        [str(INSTALLER)], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False
    )
    if installed.returncode == 0:
        return installed.stdout.strip()
    reason = f"STRIPE'S OWN MOCK IS NOT ASKED: {installed.stderr.strip()}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
