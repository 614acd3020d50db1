"""What the console's benchmark takes for an answer, and what it makes of what it measured."""

import json
from io import StringIO

import pytest
from rich.console import Console

from bench.console_list import check_page
from bench.console_report import TARGETS, finding
from bench.console_rounds import (
    BARE,
    GATEWAY,
    KINDS,
    PAGE_ALONE,
    PAGE_TOGETHER,
    POLL_TOGETHER,
    Comparison,
    Films,
    check_resource,
    check_row,
)
from bench.errors import MeasurementFailed
from bench.options import Options
from bench.quote_rounds import Sample

PROJECTS = ["proj_api_0123456789abcdef", "proj_api_00000000000000ff"]
PAGE = "<html>" + "".join(f'<a href="/renders/{one}">A film</a>' for one in PROJECTS) + "</html>"


def test_a_page_lists_the_renders_that_it_should_in_their_order() -> None:
    check_page(200, PAGE, PROJECTS)


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (303, PAGE, PROJECTS),
        (200, PAGE.removesuffix("</html>"), PROJECTS),
        (200, PAGE, PROJECTS[::-1]),
        (200, PAGE, PROJECTS[:1]),
        (200, "<html></html>", PROJECTS),
    ],
)
def test_any_other_page_ends_the_measurement(status: int, body: str, wanted: list[str]) -> None:
    with pytest.raises(MeasurementFailed):
        check_page(status, body, wanted)


def test_a_poll_of_the_gateway_is_of_the_render_that_was_asked_for() -> None:
    render = {"project_id": PROJECTS[0], "status": "running", "current_stage": "filming"}
    check_resource(200, json.dumps(render), PROJECTS[0])
    with pytest.raises(MeasurementFailed):
        check_resource(200, json.dumps(render), PROJECTS[1])
    with pytest.raises(MeasurementFailed):
        check_resource(429, "{}", PROJECTS[0])


def test_a_poll_of_the_bare_route_is_a_row_of_a_render_that_films() -> None:
    check_row(200, '{"status": "running", "stage": "filming"}', PROJECTS[0])
    for status, body in ((200, '{"status": "completed", "stage": "completed"}'), (500, "{}")):
        with pytest.raises(MeasurementFailed):
            check_row(status, body, PROJECTS[0])


@pytest.mark.parametrize(
    ("page", "poll", "is_met"), [(10, 50, True), (9, 50, False), (10, 49, False)]
)
def test_pages_and_polls_are_each_held_against_a_target(
    page: int, poll: int, *, is_met: bool
) -> None:
    assert TARGETS == {PAGE_TOGETHER: 0.1, POLL_TOGETHER: 0.5}
    found = finding(_options(), _comparison({PAGE_TOGETHER: page, POLL_TOGETHER: poll}))
    assert found.details["target_met"] is is_met
    assert (found.value, found.baseline, found.ratio) == (page, 100, page / 100)


def test_the_report_has_both_sides_of_every_kind_and_what_they_weigh() -> None:
    details = finding(_options(), _comparison({PAGE_ALONE: 40})).details
    alone = details[PAGE_ALONE]
    assert isinstance(alone, dict)
    assert alone["ratio"] == 0.4
    assert alone[GATEWAY] == {"a_second": 40, "p50_ms": 5.0, "p95_ms": 5.0, "cpu_ms": 2.5}
    assert details["resident_mib"] == {GATEWAY: [90.0, 91.0], BARE: [60.0, 60.0]}


def _comparison(rates: dict[str, int]) -> Comparison:
    """A round of each kind by each side; the bare one has a hundred answers a second."""
    comparison = Comparison([], Films(PROJECTS, PROJECTS[:1]), cookie="", api_key="")
    for kind in KINDS:
        for side, rate in ((GATEWAY, rates.get(kind, 50)), (BARE, 100)):
            comparison.samples[kind, side].append(Sample((5.0,) * rate, 1.0, {"gateway": 0.1}))
    comparison.resident_mib |= {GATEWAY: [90.0, 91.0], BARE: [60.0, 60.0]}
    return comparison


def _options() -> Options:
    return Options(Console(file=StringIO()))
