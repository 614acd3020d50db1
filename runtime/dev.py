"""`fvs dev`: the whole stack on fixed ports until Ctrl-C."""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

from runtime.dev_stack import Stack, StackOptions
from runtime.temporal_config import TemporalConfig
from studio.contracts.errors import StudioError

WATCH_SECONDS: Final = 0.2
"""How often the processes are looked at; with the longest pause still below two seconds."""


class StopRequested(BaseException):
    """Ctrl-C, or a signal that asks to end. Not an Exception: no handler may swallow it."""


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into StopRequested and ignore those after it.

    So the stopping itself, which is bounded in time, is never interrupted half-way.
    """
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def request(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise StopRequested

    previous = [signal.signal(number, request) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, previous, strict=True):
            signal.signal(number, handler)


def say(sentence: str) -> None:
    """A sentence for the person at the terminal; standard output is kept for results."""
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201 - a command speaks to its user


def run_dev(options: StackOptions, config: TemporalConfig, *, as_json: bool = False) -> int:
    """Run until asked to stop. The exit code: 0 then, 1 when something failed and was said."""
    stack = Stack(options, config, os.environ, say)
    code = 0
    with stop_signals():
        try:
            stack.start()
            _announce(stack, as_json=as_json)
            while True:
                stack.watch()
                time.sleep(WATCH_SECONDS)
        except StopRequested:
            say("Stopping.")
        except StudioError as error:
            say(error.detail)
            code = 1
        except OSError as error:
            say(f"The stack cannot go on: {error.strerror or error}.")
            code = 1
        finally:
            _stop(stack)
    return code


def _stop(stack: Stack) -> None:
    try:
        stack.stop()
    except StudioError as error:
        say(error.detail)


def _announce(stack: Stack, *, as_json: bool) -> None:
    note, account = stack.note, stack.account
    if as_json:
        print(json.dumps(note.model_dump(mode="json")), flush=True)  # noqa: T201
        return
    credits = f"{account.credits_available:,} credits" if account else ""
    lines = (
        "Future Video Studio is running; Ctrl-C stops it.",
        f"  Gateway      {note.gateway_url}/api/agent",
        f"  Temporal UI  {note.temporal_ui_url or 'as set up at ' + note.temporal_address}",
        f"  Account      {account.account_id if account else ''}, {credits}",
        f"  Key          {note.api_key}",
        f"  Sign in      {note.gateway_url}/ as {note.email}, password {note.password}",
        f"  Payments     {stack.payments}",
        f"  Logs         {stack.log_file('gateway').parent}",
    )
    print("\n".join(lines), flush=True)  # noqa: T201
