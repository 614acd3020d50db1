"""Logs are JSON lines, and no secret gets into them by any way."""

import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue, SecretStr, TypeAdapter

from runtime.logs import configure_logging
from studio.contracts.redaction import DEPTH_MAX, REDACTED, SECRET_FIELDS, redact, redact_text

KEY = "fvs_live_" + "k3Y" * 12 + "ab"
TOKEN = "t0k3n" * 6
SIGNATURE = "5ae1" * 16
Lines = TypeAdapter(dict[str, JsonValue])


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    configure_logging(service="gateway", stream=written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def last_event(stream: io.StringIO) -> dict[str, JsonValue]:
    return Lines.validate_json(stream.getvalue().splitlines()[-1])


def refuse(reason: str) -> None:
    raise ValueError(reason)


def test_an_event_is_one_json_line_with_what_was_bound(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(project_id="proj_api_1", run_id="r1"):
        structlog.get_logger("gateway.renders").info("render.accepted", shots=3)
    event = last_event(stream)
    assert event["event"] == "render.accepted"
    assert event["level"] == "info"
    assert event["logger"] == "gateway.renders"
    assert event["service"] == "gateway"
    assert event["project_id"] == "proj_api_1"
    assert event["run_id"] == "r1"
    assert event["shots"] == 3
    assert str(event["timestamp"]).endswith("Z")


def test_events_of_libraries_take_the_same_way(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info(
        '%s - "%s %s" %d', "127.0.0.1", "GET", f"/x?claim_token={TOKEN}", 200, extra={"k": KEY}
    )
    event = last_event(stream)
    assert event["logger"] == "uvicorn.access"
    assert event["event"] == f'127.0.0.1 - "GET /x?claim_token={REDACTED}" 200'
    assert event["k"] == f"fvs_live_{REDACTED}"


@pytest.mark.parametrize(
    ("workflow", "field"), [("RenderWorkflow", "project_id"), ("ReconcileWorkflow", "workflow_id")]
)
def test_lines_of_the_sdk_name_their_run_as_ours_do(
    workflow: str, field: str, stream: io.StringIO
) -> None:
    extra = {
        "temporal_activity": {
            "workflow_type": workflow,
            "workflow_id": "proj_api_1",
            "workflow_run_id": "r1",
            "activity_type": "plan_shots",
            "attempt": 2,
        },
        "__temporal_error_identifier": "ActivityFailure",
    }
    logging.getLogger("temporalio.activity").warning("Completing activity as failed", extra=extra)
    event = last_event(stream)
    assert (event[field], event["run_id"]) == ("proj_api_1", "r1")
    assert (event["activity"], event["attempt"]) == ("plan_shots", 2)
    assert not [name for name in event if "temporal" in name]


def test_lines_of_the_sdks_native_part_are_redacted_json_too(stream: io.StringIO) -> None:
    native = SimpleNamespace(target="temporalio_client", fields={"api_key": KEY, "attempt": 3})
    logging.getLogger("temporalio.core").warning("gRPC call failed", extra={"temporal_log": native})
    event = last_event(stream)
    assert event["event"] == "gRPC call failed"
    assert event["target"] == "temporalio_client"
    assert event["fields"] == {"api_key": REDACTED, "attempt": 3}


def test_events_below_the_level_are_dropped(stream: io.StringIO) -> None:
    structlog.get_logger("x").debug("detail")
    assert stream.getvalue() == ""


def test_configuring_twice_writes_each_event_once(stream: io.StringIO) -> None:
    configure_logging(service="worker", stream=stream)
    structlog.get_logger("x").info("once")
    assert len(stream.getvalue().splitlines()) == 1


def test_no_secret_of_a_traceback_is_written(stream: io.StringIO) -> None:
    try:
        refuse(f"refused key {KEY} for https://u:{TOKEN}@host/?X-Goog-Signature={TOKEN}")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    written = stream.getvalue()
    assert KEY not in written
    assert TOKEN not in written
    assert "ValueError" in written


def test_secrets_nested_in_values_are_taken_out(stream: io.StringIO) -> None:
    class Model(BaseModel):
        claim_token: str

    structlog.get_logger("x").info(
        f"key {KEY}",
        headers={"X-FVS-Agent-Key": KEY, "authorization": f"Bearer {TOKEN}", "accept": "*/*"},
        raw=[(b"x-fvs-agent-key", KEY.encode()), {"deep": [{"claim_token": TOKEN}]}],
        url=f"https://h/films/a?X-FVS-Expires=60&X-FVS-Signature={SIGNATURE}&v=1",
        model=Model(claim_token=TOKEN),
        secret_value=SecretStr(TOKEN),
    )
    written = stream.getvalue()
    assert KEY not in written
    assert TOKEN not in written
    assert SIGNATURE not in written
    event = last_event(stream)
    assert event["headers"] == {
        "X-FVS-Agent-Key": REDACTED,
        "authorization": REDACTED,
        "accept": "*/*",
    }
    assert event["url"] == (f"https://h/films/a?X-FVS-Expires=60&X-FVS-Signature={REDACTED}&v=1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Authorization: Payment {TOKEN}", f"Authorization: {REDACTED}"),
        (f'{{"claim_token": "{TOKEN}", "a": 1}}', f'{{"claim_token": "{REDACTED}", "a": 1}}'),
        (f"x-fvs-agent-key: {TOKEN}", f"x-fvs-agent-key: {REDACTED}"),
        (f"?a=1&X-Goog-Signature={SIGNATURE}#f", f"?a=1&X-Goog-Signature={REDACTED}"),
        (f"postgresql://fvs:{TOKEN}@db/fvs", f"postgresql://{REDACTED}@db/fvs"),
        (f"fvs_test_{'a1' * 19} used", f"fvs_test_{REDACTED} used"),
        (f"/reset/{'a-_1' * 11}", f"/reset/{REDACTED}"),
        (f"key mpp_a-1_spt_{'9Zz' * 8} sent", f"key mpp_a-1_spt_{REDACTED} sent"),
        (f"with sk_test_{'9Zz' * 8}", f"with sk_test_{REDACTED}"),
        ("a mask_test_case and the crypt_of spts", "a mask_test_case and the crypt_of spts"),
        ("shot 3 of 12: film, attempt 2", "shot 3 of 12: film, attempt 2"),
        ("The token was refused", "The token was refused"),
    ],
)
def test_texts_lose_their_secrets_and_nothing_else(text: str, expected: str) -> None:
    assert redact_text(text) == expected
    assert redact_text(expected) == expected


@given(
    st.sampled_from(sorted(SECRET_FIELDS)),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=20, max_size=60),
    st.integers(0, 4),
)
def test_a_secret_field_is_taken_out_at_any_depth_and_spelling(
    name: str, secret: str, depth: int
) -> None:
    for spelling in (name, name.upper(), name.replace("_", "-").title()):
        value: object = {spelling: secret}
        for level in range(depth):
            value = [value] if level % 2 else {"inner": value}
        assert secret not in json.dumps(redact(value))
        assert secret not in redact_text(f"{spelling}={secret}&next=1")
        assert secret not in redact_text(json.dumps({spelling: secret}))


def test_an_endless_structure_is_cut() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert json.dumps(redact(endless)).count("[") == DEPTH_MAX + 1
