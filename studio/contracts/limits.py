"""Every number that limits a request, each with where it comes from.

Unless a line says otherwise the source is the public contract (docs/api.md).
"""

from typing import Final

NAME_LENGTH_MAX: Final = 200
BRIEF_LENGTH_MAX: Final = 100_000
STYLE_LENGTH_MAX: Final = 10_000
ASSET_TEXT_LENGTH_MAX: Final = 500
SHOT_COUNT_MIN: Final = 1
SHOT_COUNT_MAX: Final = 64
FILM_DURATION_SECONDS_MIN: Final = 4
FILM_DURATION_SECONDS_MAX: Final = 600
SHOT_DURATION_SECONDS_MIN: Final = 1
MUSIC_DURATION_SECONDS_MIN: Final = 1
MUSIC_DURATION_SECONDS_MAX: Final = 600
WAIT_SECONDS_MAX: Final = 600

MEBIBYTE: Final = 1024 * 1024
REQUEST_JSON_BYTES_MAX: Final = MEBIBYTE
REQUEST_JSON_DEPTH_MAX: Final = 32
UPLOAD_FILE_BYTES_MAX: Final = 100 * MEBIBYTE
UPLOAD_TOTAL_BYTES_MAX: Final = 500 * MEBIBYTE
UPLOAD_FILES_MAX: Final = 32

IDEMPOTENCY_KEY_LENGTH_MAX: Final = 255
"""As Stripe's own limit, which most client libraries assume."""

IMAGE_PIXELS_MAX: Final = 50_000_000
"""About 8660 x 5773: above any camera reference, far below what a decoder bomb needs."""

SIGNED_URL_LIFETIME_SECONDS: Final = 3600
SIGNED_URL_REMAINING_SECONDS_MIN: Final = 600
"""At every poll a film's URL has at least this long left."""

HOLD_LIFETIME_SECONDS: Final = 24 * 3600
"""A hold may expire after this, but only once its workflow is closed or absent."""

FILM_FRAMES_PER_SECOND: Final = 24
"""One constant frame rate a film; 24 is what the video models deliver."""

QUOTE_LIFETIME_SECONDS: Final = 30 * 60
PAYMENT_CENTS_MIN: Final = 50
"""Stripe's smallest charge in US dollars."""
PAYMENT_CENTS_MAX: Final = 50_000
"""Link's largest payment."""
PAYMENT_ATTEMPTS_MAX: Final = 10
"""Refused payments a quote: a quote is no place to try stolen cards on."""
PAYMENT_CURRENCY: Final = "usd"
STRIPE_ID_LENGTH_MAX: Final = 255
"""Stripe's own bound for the ids of its objects, shared payment tokens among them."""
UPLOAD_URL_LENGTH_MAX: Final = 4096
"""Signed URLs of object stores have some 1,500 characters."""
