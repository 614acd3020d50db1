"""What the benchmark of MCP sends and reads, and what it makes of what it measured."""

import asyncio
import json
from io import StringIO

import pytest
from pydantic import JsonValue
from rich.console import Console

from bench.call_load import read_answer
from bench.errors import MeasurementFailed
from bench.mcp_report import finding
from bench.mcp_roads import LEGACY, MODERN, PLAIN, PlainHttp, ToolCalls
from bench.mcp_rounds import KINDS, STATUS_TOGETHER, Comparison, Target, check_status, note_new
from bench.options import Options
from bench.quote_rounds import Sample
from tests.mcp.kit import call_headers, call_message

KEY = "fvs_test_key"
RENDER: dict[str, JsonValue] = {
    "project_id": "proj_api_0123456789abcdef",
    "status": "running",
    "current_stage": "filming",
}
PROJECT = str(RENDER["project_id"])


@pytest.mark.parametrize(("revision", "mode"), [(MODERN, MODERN), (LEGACY, "legacy")])
def test_a_tool_is_called_as_its_revision_has_it(revision: str, mode: str) -> None:
    order = ToolCalls(KEY, revision).status(PROJECT)
    arguments = {"project_id": PROJECT, "wait_seconds": 0}
    assert json.loads(order.body) == call_message(mode, "fvs_get_render_status", arguments)
    assert call_headers(mode, "fvs_get_render_status").items() <= order.headers.items()
    assert order.headers["X-FVS-Agent-Key"] == KEY


def test_no_two_submissions_have_the_same_idempotency_key() -> None:
    plain, tools = PlainHttp(KEY), ToolCalls(KEY, MODERN)
    keys = [plain.submission().headers["Idempotency-Key"] for _ in range(2)]
    calls = [json.loads(tools.submission().body)["params"]["arguments"] for _ in range(2)]
    keys += [call["idempotency_key"] for call in calls]
    assert len(set(keys)) == 4


@pytest.mark.parametrize("frame", ["{}", "event: message\r\ndata: {}\r\n\r\n"])
def test_a_tool_s_answer_is_read_from_a_document_and_from_a_stream(frame: str) -> None:
    body = frame.format(json.dumps(_message(RENDER)))
    assert ToolCalls(KEY, LEGACY).document(200, body) == RENDER


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (500, {}),
        (200, {"error": {"code": -32602}}),
        (200, {"result": {"isError": True, "content": [], "structuredContent": {}}}),
        (200, {"result": {"isError": False, "content": [], "structuredContent": RENDER}}),
    ],
)
def test_an_answer_without_a_render_in_both_its_forms_ends_the_measurement(
    status: int, message: JsonValue
) -> None:
    with pytest.raises(MeasurementFailed):
        ToolCalls(KEY, MODERN).document(status, json.dumps(message))


def test_an_error_over_plain_http_ends_the_measurement() -> None:
    with pytest.raises(MeasurementFailed):
        PlainHttp(KEY).document(429, "{}")


@pytest.mark.parametrize("field", list(RENDER))
def test_a_poll_that_tells_of_another_state_or_render_ends_the_measurement(field: str) -> None:
    check_status(RENDER | {"name": "A film"}, PROJECT)
    with pytest.raises(MeasurementFailed):
        check_status(RENDER | {field: "another"}, PROJECT)


def test_a_render_that_two_submissions_were_answered_with_ends_the_measurement() -> None:
    known = {"proj_api_1"}
    note_new([{"project_id": "proj_api_2"}], known)
    with pytest.raises(MeasurementFailed):
        note_new([{"project_id": "proj_api_2"}], known)


async def test_answers_of_a_kept_connection_are_read_one_after_the_other() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nab\n\r\nB\r\n\r\n0\r\n\r\n\r\n\xc3\xa9\r\n0\r\n\r\n"
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    )
    answers = [await read_answer(reader) for _ in range(3)]
    assert answers == [(200, "{}"), (201, "ab\n\r\n0\r\n\r\n\r\né"), (404, "")]


def test_the_slower_revision_is_held_against_the_target() -> None:
    found = [
        finding(_options(), _comparison(modern=modern, legacy=legacy))
        for modern, legacy in ((50, 30), (50, 29), (29, 50))
    ]
    assert [one.details["target_met"] for one in found] == [True, False, False]
    assert (found[0].value, found[0].baseline, found[0].ratio) == (50, 100, 0.5)


def test_a_ratio_is_of_the_middle_rounds_and_a_tail_is_of_all_of_them() -> None:
    comparison = _comparison(modern=50, legacy=30)
    comparison.samples[STATUS_TOGETHER, MODERN] += [_round(60, 1.0), _round(1, 900.0)]
    assert comparison.ratio(STATUS_TOGETHER, MODERN) == 0.5
    assert comparison.whole(STATUS_TOGETHER, MODERN).p95_ms == 5.0
    assert len(comparison.whole(STATUS_TOGETHER, MODERN).milliseconds) == 111


def _message(document: dict[str, JsonValue]) -> dict[str, JsonValue]:
    text: JsonValue = {"type": "text", "text": json.dumps(document)}
    result: JsonValue = {"isError": False, "content": [text], "structuredContent": document}
    return {"jsonrpc": "2.0", "id": 1, "result": result}


def _comparison(*, modern: int, legacy: int) -> Comparison:
    """A round of each kind by each road, with so many answers a second."""
    comparison = Comparison(Target(port=0, pid=0), [], polled_mib=[1, 2], submitted_mib=[2, 2])
    for road, rate in ((PLAIN, 100), (MODERN, modern), (LEGACY, legacy)):
        for kind in KINDS:
            comparison.samples[kind, road].append(_round(rate, 5.0))
    return comparison


def _round(answers: int, milliseconds: float) -> Sample:
    return Sample((milliseconds,) * answers, 1.0, {"gateway": 0.1})


def _options() -> Options:
    return Options(Console(file=StringIO()))
