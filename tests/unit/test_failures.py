"""What of a failure may be written into Temporal's history."""

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from activities.errors import SENTENCE_LENGTH_MAX, to_application_error
from runtime.failures import RedactingFailureConverter, data_converter
from studio.providers.errors import ProviderRejected

KEY = "fvs_live_" + "k3Y" * 12 + "ab"
SIGNED = f"https://h/f.mp4?X-FVS-Expires=1&X-FVS-Signature={'5ae1' * 16}"


def raise_with(secret: str) -> None:
    raise RuntimeError(secret)


def _written(error: BaseException) -> Failure:
    failure = Failure()
    RedactingFailureConverter().to_failure(error, data_converter.payload_converter, failure)
    return failure


def test_every_link_of_a_chain_of_causes_loses_its_secrets() -> None:
    outer = ApplicationError(f"outer {SIGNED}")
    outer.__cause__ = ValueError(f"inner {KEY}")
    failure = _written(outer)
    assert failure.message == "outer https://h/f.mp4?X-FVS-Expires=1&X-FVS-Signature=[redacted]"
    assert failure.cause.message == "inner fvs_live_[redacted]"
    assert KEY.encode() not in failure.SerializeToString()


def test_a_stack_trace_loses_its_secrets() -> None:
    with pytest.raises(RuntimeError) as raised:
        raise_with("fvs_live_k3Yk3Yk3Yk3Yk3Yk3Y")
    failure = _written(raised.value)
    assert 'raise_with("fvs_live_[redacted]")' in failure.stack_trace
    assert b"k3Yk3Y" not in failure.SerializeToString()


def test_a_failure_stays_what_it_was() -> None:
    failure = _written(ApplicationError("Plain.", type="kind", non_retryable=True))
    assert failure.message == "Plain."
    assert failure.application_failure_info.type == "kind"
    assert failure.application_failure_info.non_retryable


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (ProviderRejected(f"No {KEY}."), "provider_rejected", "No fvs_live_[redacted]."),
        (
            ApplicationError(f"No {KEY}.", {"key": KEY}, type="kind"),
            "kind",
            "No fvs_live_[redacted].",
        ),
        (
            RuntimeError(KEY),
            "unexpected",
            "An unexpected RuntimeError was raised; the worker's log has it.",
        ),
    ],
)
def test_the_map_of_errors_says_its_sentence_and_no_more(
    error: Exception, code: str, sentence: str
) -> None:
    mapped = to_application_error(error)
    assert (mapped.type, mapped.message, mapped.details) == (code, sentence, ())


def test_a_sentence_of_megabytes_is_cut_to_size_without_its_secrets() -> None:
    error = to_application_error(ProviderRejected(f"No {KEY}. " * 100_000))
    assert error.message.startswith("No fvs_live_[redacted]. No ")
    assert len(error.message) == SENTENCE_LENGTH_MAX
