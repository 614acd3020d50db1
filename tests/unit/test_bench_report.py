"""The form of a benchmark's result, which scripts read."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.result import Finding, current_commit, middle, percentile, rounded, stamped, write_result

FOUND = Finding("polls", 120.0, "polls/s", 200.0, 0.6, {"rounds": 3})


def test_a_result_has_exactly_the_promised_fields(tmp_path: Path) -> None:
    result = stamped(FOUND, now=datetime(2026, 11, 23, 12, tzinfo=UTC), commit="abc1234")
    written = write_result(result, tmp_path)
    assert written == tmp_path / "polls.json"
    assert json.loads(written.read_text()) == {
        "name": "polls",
        "value": 120.0,
        "unit": "polls/s",
        "baseline": 200.0,
        "ratio": 0.6,
        "details": {"rounds": 3},
        "commit": "abc1234",
        "when": "2026-11-23T12:00:00+00:00",
    }


def test_a_newer_result_replaces_the_older_one_and_leaves_no_draft(tmp_path: Path) -> None:
    for commit in ("first", "second"):
        write_result(stamped(FOUND, now=datetime.now(UTC), commit=commit), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["polls.json"]
    assert json.loads((tmp_path / "polls.json").read_text())["commit"] == "second"


@pytest.mark.parametrize(
    ("percent", "expected"), [(1, 1), (50, 50), (99, 99), (99.5, 100), (100, 100)]
)
def test_a_percentile_is_one_of_the_measured_numbers(percent: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_numbers_carry_four_digits() -> None:
    assert rounded(1234.56) == 1235
    assert middle([0.123456, 0.2, 0.1]) == 0.1235


def test_a_folder_without_history_has_no_commit(tmp_path: Path) -> None:
    assert current_commit(tmp_path) == "unknown"
