import httpx2
import pytest
from google.auth.exceptions import RefreshError, TransportError
from google.genai import errors as genai_errors

from studio.providers.errors import (
    ModelGone,
    ModerationRefused,
    ProviderBusy,
    ProviderDenied,
    ProviderError,
    ProviderRejected,
    RefusedInput,
    SubmissionUnknown,
)
from studio.providers.google.errors import provider_error
from studio.providers.quoting import QUOTE_LENGTH_MAX
from studio.providers.wire import RETRY_AFTER_SECONDS_MAX
from tests.google_scenes import KEY


def answered(
    code: int, status: str = "", message: str = "No.", details: object = None
) -> genai_errors.APIError:
    body: dict[str, object] = {"code": code, "status": status, "message": message}
    if details is not None:
        body["details"] = details
    kind = genai_errors.ServerError if code >= 500 else genai_errors.ClientError
    return kind(code, {"error": body})


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (400, "INVALID_ARGUMENT", ProviderRejected),
        (400, "FAILED_PRECONDITION", ProviderDenied),
        (401, "UNAUTHENTICATED", ProviderDenied),
        (403, "PERMISSION_DENIED", ProviderDenied),
        (404, "NOT_FOUND", ModelGone),
        (408, "", SubmissionUnknown),
        (413, "", ProviderRejected),
        (429, "RESOURCE_EXHAUSTED", ProviderBusy),
        (499, "CANCELLED", SubmissionUnknown),
        (500, "INTERNAL", SubmissionUnknown),
        (503, "UNAVAILABLE", SubmissionUnknown),
        (504, "DEADLINE_EXCEEDED", SubmissionUnknown),
    ],
)
def test_each_answer_is_one_kind_of_failure(
    code: int, status: str, kind: type[ProviderError]
) -> None:
    assert type(provider_error(answered(code, status))) is kind


def test_a_wrong_key_is_a_bad_request_to_google_and_a_denial_to_us() -> None:
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    error = answered(400, "INVALID_ARGUMENT", "API key not valid.", [reason])
    assert type(provider_error(error)) is ProviderDenied


@pytest.mark.parametrize(
    ("message", "refused"),
    [
        ("The prompt violates our content policies.", RefusedInput.PROMPT),
        ("The input image was blocked by the safety filters.", RefusedInput.REFERENCES),
        ("The generated output was blocked by safety.", RefusedInput.OUTPUT),
    ],
)
def test_a_filter_s_bad_request_is_a_refusal(message: str, refused: RefusedInput) -> None:
    error = provider_error(answered(400, "INVALID_ARGUMENT", message))
    assert isinstance(error, ModerationRefused)
    assert error.refused is refused


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        ("7s", 7.0),
        ("0.25s", 0.25),
        ("99999999s", RETRY_AFTER_SECONDS_MAX),
        ("-3s", None),
        ("soon", None),
        (None, None),
        ({"seconds": 3}, None),
    ],
)
def test_the_delay_is_read_with_care(delay: object, seconds: float | None) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    error = provider_error(answered(429, "RESOURCE_EXHAUSTED", "Wait.", [None, "x", info]))
    assert isinstance(error, ProviderBusy)
    assert error.retry_after_seconds == seconds


def test_a_hostile_message_is_one_short_line_without_the_key() -> None:
    message = (
        f"key {KEY}\n\x1b[31mred\u202e Authorization: Bearer abcdefghijklmnopqrstuv " + "x" * 9**6
    )
    error = provider_error(answered(400, "INVALID\nARGUMENT", message), secrets=[KEY])
    assert len(error.detail) < 2 * QUOTE_LENGTH_MAX
    assert error.detail.isprintable()
    assert KEY not in error.detail
    assert "abcdefghijklmnop" not in error.detail


@pytest.mark.parametrize("body", [None, [], "text", {"error": "text"}, [{"error": {}}, 3]])
def test_an_error_without_a_proper_body_still_has_its_status(body: object) -> None:
    error = genai_errors.ClientError(400, {})
    error.details = body
    assert type(provider_error(error)) is ProviderRejected


@pytest.mark.parametrize(
    "error", [httpx2.ConnectError("x"), httpx2.ConnectTimeout("x"), httpx2.PoolTimeout("x")]
)
def test_without_a_connection_nothing_was_sent(error: Exception) -> None:
    assert type(provider_error(error)) is ProviderError


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ReadTimeout("x"),
        httpx2.WriteTimeout("x"),
        httpx2.ReadError("x"),
        httpx2.RemoteProtocolError("x"),
        ValueError("not JSON"),
        RuntimeError("who knows"),
    ],
)
def test_whatever_else_happens_may_have_been_paid_for(error: Exception) -> None:
    assert type(provider_error(error)) is SubmissionUnknown


def test_a_sign_in_that_fails_sends_nothing() -> None:
    unreachable = TransportError("x")  # type: ignore[no-untyped-call] # google.auth is untyped here
    refused = RefreshError("secret")  # type: ignore[no-untyped-call] # as above
    assert type(provider_error(unreachable)) is ProviderError
    assert type(provider_error(refused)) is ProviderDenied
    assert "secret" not in provider_error(refused).detail


def test_our_own_errors_pass_unchanged() -> None:
    own = ProviderRejected("There is nothing to say.")
    assert provider_error(own) is own
