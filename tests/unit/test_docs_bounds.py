"""The bounds that a user reads about are those of the code."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.analysts import PICTURES_DESCRIBED_MAX
from activities.errors import RETRY_AFTER_SECONDS_MAX
from activities.paid_calls import CALL_TRIES_MAX
from activities.planning import SHEET_SHOTS_MIN, SHEETS_MAX
from activities.reconcile_quotes import KEPT_AFTER_EXPIRY, KEPT_UNTRIED
from activities.settlement import CHARGE_AGE_MAX
from gateway.limits import QUOTE_BYTES_A_TOKEN, QUOTES_PER_MINUTE_MAX
from gateway.services.payments import OUTCOME_SECONDS_MAX
from studio.contracts.limits import (
    FILM_FRAMES_PER_SECOND,
    PAYMENT_ATTEMPTS_MAX,
    PAYMENT_CENTS_MAX,
    PAYMENT_CENTS_MIN,
    QUOTE_LIFETIME_SECONDS,
    UPLOAD_FILES_MAX,
)
from studio.contracts.plan import DISSOLVE_SECONDS_MAX
from studio.contracts.workflow_io import Timings
from studio.media.encoding import AAC_FRAME_SAMPLES, SAMPLE_RATE_HZ
from studio.media.mastering import LOUDNESS_LUFS, LOUDNESS_TOLERANCE_LU, TRUE_PEAK_DBTP_MAX
from studio.media.tracks import FADE_OUT_SECONDS
from studio.media.upload_limits import (
    DOCUMENT_CHARACTERS_MAX,
    DOCUMENT_PICTURE_SIDE_MIN,
    DOCUMENT_PICTURES_MAX,
    DOCUMENT_PICTURES_TRIED_MAX,
    REENCODED_SIDE_MAX,
    SAMPLED_SIDE_MAX,
    VIDEO_FRAMES_MAX,
)
from studio.payments.webhooks import BODY_BYTES_MAX, SIGNATURE_AGE_SECONDS_MAX
from studio.pricing.cutting import REACH_SECONDS
from studio.providers.fal import video as fal
from studio.providers.google import objects as google_cloud
from studio.providers.google.critic import CLIP_PASS_SCORE, PICTURE_PASS_SCORE
from studio.providers.google.planner import ASKED_MAX
from studio.providers.kling import video as kling
from studio.providers.local.critic import SCORE_PASSING
from studio.providers.screenplay_rules import NARRATION_WORDS_A_SECOND_MAX
from workflows.paid_render import REFUND_LOOK_MAX, STUCK_MAX
from workflows.policies import ActivityPolicy, PaymentPolicies

DOCS = Path(__file__).resolve().parents[2] / "docs"
WORDS = {1: "a", 2: "two", 3: "three", 4: "four", 6: "six"}
TIMES = {1: "once", 2: "twice", 3: "three times"}
MINUTE = 60
HOUR = 3600
CENTS = 100

TIMINGS = Timings()
PAYMENTS = PaymentPolicies(TIMINGS)
HALF_AN_HOUR = 1800


def minutes(seconds: float) -> str:
    return f"{seconds / MINUTE:g}"


def film_bounds() -> Iterator[str]:
    yield f"asked for again, at most {TIMES[ASKED_MAX - 1]}"
    yield f"A cut moves by {WORDS[int(REACH_SECONDS)]} second at most"
    yield f"appears in {WORDS[SHEET_SHOTS_MIN]} shots or more"
    yield f"a reference sheet, up to {WORDS[SHEETS_MAX]} a film"
    yield f"passes it from {PICTURE_PASS_SCORE:g} of 10 on"
    yield f"with one vote from {SCORE_PASSING:g} of 10 on"
    yield f"below {CLIP_PASS_SCORE:g} of 10 there is a warning"
    yield f"drawn again with the remarks, {TIMES[TIMINGS.keyframe_draws_max]} in all"
    yield f"answered with tamer input, {TIMES[TIMINGS.softenings_max]}"
    yield f"| tamer input, {TIMES[TIMINGS.softenings_max]}"
    yield f"ordered again, {WORDS[TIMINGS.shot_attempts_max]} takes in all"
    yield f"within {minutes(RETRY_AFTER_SECONDS_MAX)} minutes each time and half an hour in all"
    yield (
        f"believed after {minutes(kling.LOST_AFTER_SECONDS)}, {minutes(fal.LOST_AFTER_SECONDS)} "
        f"and {minutes(google_cloud.LOST_AFTER_SECONDS)} minutes"
    )
    yield f"is made {TIMES[CALL_TRIES_MAX]} at most"
    yield f"at most {NARRATION_WORDS_A_SECOND_MAX} a second"
    yield f"constant {FILM_FRAMES_PER_SECOND}, as ordered"
    yield f"within {1000 * AAC_FRAME_SAMPLES / SAMPLE_RATE_HZ:.0f} ms"
    yield f"\N{MINUS SIGN}{-LOUDNESS_LUFS:g} LUFS ± {LOUDNESS_TOLERANCE_LU}"
    yield f"\N{MINUS SIGN}{-TRUE_PEAK_DBTP_MAX:g} dBTP at most"


def upload_bounds() -> Iterator[str]:
    yield f"no side above {REENCODED_SIDE_MAX} pixels"
    yield f"no side above {SAMPLED_SIDE_MAX} pixels"
    yield f"up to {VIDEO_FRAMES_MAX} frames"
    yield f"descriptions of the first {PICTURES_DESCRIBED_MAX}"
    yield f"{DOCUMENT_CHARACTERS_MAX:,} characters"
    yield f"{DOCUMENT_PICTURES_MAX} pictures above {DOCUMENT_PICTURE_SIDE_MIN} pixels a side"
    yield f"{DOCUMENT_PICTURES_TRIED_MAX} looked at"
    yield f"cut with a fade of {FADE_OUT_SECONDS:g} seconds"


def quote_bounds() -> Iterator[str]:
    yield (f"in US cents: {PAYMENT_CENTS_MIN} at least, ${PAYMENT_CENTS_MAX / CENTS:.2f} at most")
    yield f"Link takes ${PAYMENT_CENTS_MAX / CENTS:.0f} a payment"
    yield f"for {minutes(QUOTE_LIFETIME_SECONDS)} minutes, in {PAYMENT_ATTEMPTS_MAX} tries at most"
    yield f"comes after the quote's {minutes(QUOTE_LIFETIME_SECONDS)} minutes"
    yield f"after {PAYMENT_ATTEMPTS_MAX} refusals"
    yield f"the answer waits, {OUTCOME_SECONDS_MAX:g} seconds at most"
    yield f"503 after {OUTCOME_SECONDS_MAX:g} seconds"
    yield f"Nobody paid within {minutes(QUOTE_LIFETIME_SECONDS)} minutes"
    yield f"asked again every {_seconds(PAYMENTS.ask)} seconds at most"
    yield f"A claim older than {CHARGE_AGE_MAX.total_seconds() / HOUR:g} hours is only looked for"
    yield f"is forgotten | {KEPT_UNTRIED.total_seconds() / HOUR:g} hour after its time"
    yield f"{KEPT_AFTER_EXPIRY.days} days after it if nobody succeeded"
    yield f"{minutes(SIGNATURE_AGE_SECONDS_MAX)} minutes off"
    yield f"more than {BODY_BYTES_MAX // 1024} KiB"
    yield f"A body of {QUOTE_BYTES_A_TOKEN // 1024} KiB or more counts as several"


def quote_api_bounds() -> Iterator[str]:
    yield f"filled up to {PAYMENT_CENTS_MIN} cents by a line of its own"
    yield f"more than ${PAYMENT_CENTS_MAX / CENTS:.2f} is refused"
    yield f"`expires_at`, {minutes(QUOTE_LIFETIME_SECONDS)} minutes later"
    yield f"up to {UPLOAD_FILES_MAX} public `https://`"
    yield f"by default {QUOTES_PER_MINUTE_MAX} a minute and address"


def operators_bounds() -> Iterator[str]:
    yield f"each time later, {WORDS[int(STUCK_MAX.total_seconds() / HOUR)]} hours at most"
    yield f"every {REFUND_LOOK_MAX.total_seconds() / HOUR:g} hours at least"


def _seconds(policy: ActivityPolicy) -> str:
    longest = policy["retry_policy"].maximum_interval
    assert longest is not None
    return f"{longest.total_seconds():g}"


@pytest.mark.parametrize(
    ("page", "bound"),
    [
        *(("filming.md", bound) for bound in film_bounds()),
        *(("uploads.md", bound) for bound in upload_bounds()),
        *(("payments.md", bound) for bound in quote_bounds()),
        *(("api.md", bound) for bound in quote_api_bounds()),
        *(("operations.md", bound) for bound in operators_bounds()),
    ],
)
def test_a_bound_is_documented_as_it_is(page: str, bound: str) -> None:
    text = re.sub(r"\s+", " ", (DOCS / page).read_text("utf-8"))
    assert bound in text


def test_what_is_called_half_an_hour_or_a_second_is_that() -> None:
    assert TIMINGS.stage_deadline_seconds == TIMINGS.clip_timeout_seconds == HALF_AN_HOUR
    assert DISSOLVE_SECONDS_MAX == 0.5
