"""The administration commands as their user runs them."""

import json
from collections.abc import Callable

from typer.testing import CliRunner, Result

from runtime.cli import app

PEPPER = "a pepper of more than sixteen letters"

Fvs = Callable[..., Result]


def commands_of(database_url: str) -> Fvs:
    """Runs `fvs <words>` on a migrated database; `FVS_…=value` words change the environment."""

    def run(*words: str, **environment: str | None) -> Result:
        settings = {"FVS_DATABASE_URL": database_url, "FVS_KEY_PEPPER": PEPPER, **environment}
        return CliRunner().invoke(app, list(words), env=settings)

    return run


def answer(result: Result) -> dict[str, object]:
    """What a command answered with `--json`."""
    assert result.exit_code == 0, result.output
    parsed = json.loads(result.stdout)
    assert isinstance(parsed, dict)
    return parsed


def refusal(result: Result) -> str:
    """The sentence of a command that failed: exit code 1, nothing on standard output."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("fvs: ")
    assert result.stderr.count("\n") == 1
    return result.stderr
