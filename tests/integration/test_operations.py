"""The operators' page says what is true: the metrics exist, the searches are understood."""

import re
from pathlib import Path

import pytest
from temporalio.client import Client

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
SOURCES = ("workflows/measures.py", "activities/measures.py", "gateway/metrics.py")
SUFFIXES = re.compile(r"_(total|seconds|bucket|count|sum)")
SEARCH_ROW = re.compile(r"^\| [^|`]+ \| `([^`]+)` \|$", re.MULTILINE)
SEARCHES = SEARCH_ROW.findall(PAGE.partition("## Temporal UI")[2])


def _base(name: str) -> str:
    """The name as the code has it: Prometheus adds the unit and the kind."""
    return SUFFIXES.sub("", name)


def test_the_page_lists_every_metric_and_no_other() -> None:
    made = {
        _base(name)
        for source in SOURCES
        for name in re.findall(r'"(fvs_[a-z_]+)"', (ROOT / source).read_text())
    }
    listed = {_base(name) for name in re.findall(r"\b(fvs_[a-z_]+)", PAGE)}
    assert listed == made


def test_the_page_has_searches() -> None:
    assert len(SEARCHES) == 12


@pytest.mark.temporal
@pytest.mark.parametrize("query", SEARCHES)
async def test_temporal_understands_the_search(query: str, temporal: Client) -> None:
    await temporal.count_workflows(query)
