"""What a benchmark found: one JSON file with a fixed form, and a table for people."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final

from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

RESULTS: Final = Path(__file__).parent / "results"
SIGNIFICANT_DIGITS: Final = 4
UNCOMMITTED: Final = "+"
"""After the commit where the tree had changes that are in no commit."""


@dataclass(frozen=True)
class Finding:
    """What a benchmark measured, before it is known which commit it measured and when.

    `ratio` is value / baseline, both measured in the same run. `details` is plain JSON.
    """

    name: str
    value: float
    unit: str
    baseline: float
    ratio: float
    details: Mapping[str, JsonValue]


@dataclass(frozen=True)
class Result(Finding):
    """The content of `results/<name>.json`."""

    commit: str
    when: str


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, as it was and as the baseline was."""

    measure: str
    value: str
    baseline: str = ""
    ratio: str = ""


def rounded(number: float) -> float:
    """As many digits as a measurement here can carry."""
    return float(f"{number:.{SIGNIFICANT_DIGITS}g}")


def middle(numbers: Sequence[float]) -> float:
    return rounded(median(numbers))


def percentile(numbers: Sequence[float], percent: float) -> float:
    """The smallest of the numbers that `percent` of them do not exceed (nearest rank)."""
    ordered = sorted(numbers)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def stamped(finding: Finding, *, now: datetime, commit: str) -> Result:
    return Result(**asdict(finding), commit=commit, when=now.isoformat(timespec="seconds"))


def write_result(result: Result, folder: Path = RESULTS) -> Path:
    """Write the file in one step, so that an interrupted run leaves the last one as it was."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{result.name}.json"
    draft = target.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")
    draft.replace(target)
    return target


def show(console: Console, title: str, rows: Sequence[Row]) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("measured")
    for heading in ("value", "baseline", "ratio"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(row.measure, row.value, row.baseline, row.ratio)
    console.print(table)


def current_commit(directory: Path) -> str:
    """The short commit that is checked out, with a `+` where files differ from it."""
    commit = _git(directory, "rev-parse", "--short", "HEAD")
    changed = _git(directory, "status", "--porcelain", "--untracked-files=no")
    return (commit or "unknown") + (UNCOMMITTED if changed else "")


def _git(directory: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=directory, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
