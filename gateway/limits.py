"""How much one account or caller may have going on, and how large a body may be."""

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from cachetools import LRUCache

from studio.contracts.errors import StudioError
from studio.contracts.limits import MEBIBYTE, REQUEST_JSON_BYTES_MAX
from studio.ingest.forms import FormLimits

UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX: Final = 8
"""Each may take 500 MiB of scratch space: this bounds what one key can fill at once."""
SUBMISSION_BYTES_MAX: Final = FormLimits().form_bytes_max
"""A whole submission on the wire: files, request and the form's syntax."""
JSON_BODY_BYTES_MAX: Final = REQUEST_JSON_BYTES_MAX
BODY_PAUSE_SECONDS_MAX: Final = 60.0
"""nginx's own `client_body_timeout`: a caller that is silent for longer is gone."""
BODY_SECONDS_MAX: Final = 3600.0
"""500 MiB at 1.2 Mbit/s."""
GUEST_BODY_SECONDS_MAX: Final = 60.0
"""1 MiB at 140 kbit/s. Nothing bounds how many bodies those without a key may be sending, each of
which is kept until it is whole."""
INSPECTIONS_AT_ONCE_MAX: Final = 4
"""Each may take a processor and 1.5 GiB: this bounds what all callers together can make of that."""
RETRY_AFTER_BUSY_SECONDS: Final = 30
"""A render takes minutes; asking sooner finds the same renders running."""
QUOTES_PER_MINUTE_MAX: Final = 60
"""New quotes of one address, unless a deployment says otherwise; and as many payments, each of
which is some calls of Stripe's, whose search takes 20 a second of all of us."""
QUOTE_BYTES_A_TOKEN: Final = 32 * 1024
"""A quote keeps its body, up to three times as large: a larger one counts as several. Briefs of the
reference have 300 bytes."""
RATED_ADDRESSES_MAX: Final = 65_536
"""Callers whose rate is remembered, some 10 MB; who has more addresses than this is not bounded by
a limit for each of them."""
MINUTE_SECONDS: Final = 60.0
_ROUNDING_SECONDS: Final = 1e-6
"""Far above the rounding of a monotonic clock's floats: who waited as told is let through."""
_LENGTH_DIGITS_MAX: Final = 20
"""As many as HTTP parsers take of a Content-Length."""


class TooManyRenders(StudioError):
    """The account has as many unfinished renders as it may."""

    code: ClassVar[str] = "too_many_renders"

    def __init__(self, active_max: int) -> None:
        super().__init__(
            f"This account already has as many renders that have not ended as it may "
            f"({active_max}); wait for one to end or cancel one."
        )


class TooManyUploads(StudioError):
    """The account is sending as many submissions at once as it may."""

    code: ClassVar[str] = "too_many_uploads"

    def __init__(self) -> None:
        super().__init__(
            f"This account is already sending {UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX} submissions; "
            "wait for one of them."
        )


class RateExceeded(StudioError):
    """More of something than a minute is good for; it knows when to come back."""

    sentence: ClassVar[str] = "More than {max} calls a minute; try again in {wait} s."

    def __init__(self, per_minute_max: int, retry_after_seconds: int) -> None:
        super().__init__(self.sentence.format(max=per_minute_max, wait=retry_after_seconds))
        self.retry_after_seconds = retry_after_seconds


class TooManyQuotes(RateExceeded):
    """One caller asks for more quotes than a minute is good for."""

    code: ClassVar[str] = "too_many_quotes"
    sentence: ClassVar[str] = (
        "More than {max} quotes a minute were asked for from this address; try again in {wait} s."
    )


class TooManyPayments(RateExceeded):
    """One caller sends more payments than a minute is good for."""

    code: ClassVar[str] = "too_many_payments"
    sentence: ClassVar[str] = (
        "More than {max} payments a minute were sent from this address; nothing was charged for "
        "this one: send it again in {wait} s."
    )


class TooManyAttempts(RateExceeded):
    """Somebody signs in, signs up or asks for links more often than a person does."""

    code: ClassVar[str] = "too_many_attempts"
    sentence: ClassVar[str] = "That was tried too often; try again in {wait} s."


class KeyRateLimited(RateExceeded):
    """A key makes more requests than its owner lets it."""

    code: ClassVar[str] = "key_rate_limited"
    sentence: ClassVar[str] = "This key may make {max} requests a minute; try again in {wait} s."


class BodyTooLarge(StudioError):
    """The body is larger than any valid one."""

    code: ClassVar[str] = "body_too_large"

    def __init__(self, bytes_max: int) -> None:
        size = f"{bytes_max // MEBIBYTE} MiB" if bytes_max >= MEBIBYTE else f"{bytes_max} bytes"
        super().__init__(f"The request's body is larger than the {size} allowed here.")


class BodyTooSlow(StudioError):
    """The body did not come in time."""

    code: ClassVar[str] = "body_too_slow"


@dataclass(frozen=True)
class BodyPatience:
    """How long a body may take. A caller who vanished would hold an upload slot for ever."""

    pause_seconds_max: float = BODY_PAUSE_SECONDS_MAX
    seconds_max: float = BODY_SECONDS_MAX
    guest_seconds_max: float = GUEST_BODY_SECONDS_MAX

    def for_guests(self) -> "BodyPatience":
        """With a caller who showed no key."""
        return replace(self, seconds_max=min(self.seconds_max, self.guest_seconds_max))


class UploadSlots:
    """Counts the submissions that each account is sending to this process."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, account_id: str) -> Iterator[None]:
        """Hold a slot while the body is read. TooManyUploads if none is free."""
        if self._taken[account_id] >= UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX:
            raise TooManyUploads
        self._taken[account_id] += 1
        try:
            yield
        finally:
            self._taken[account_id] -= 1
            if not self._taken[account_id]:
                del self._taken[account_id]


class Buckets:
    """A token bucket for each name, in this process: a minute's tokens at once, and as many a
    minute from then on. Threads may share it.

    Of a bucket only the time is kept at which it will be full again (the generic cell rate
    algorithm). A bucket that is full, or that was not used for longest, may be forgotten.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """`monotonic` is in seconds."""
        self._monotonic = monotonic
        self._full_at: LRUCache[str, float] = LRUCache(RATED_ADDRESSES_MAX)
        self._lock = threading.Lock()

    def take(self, name: str, per_minute_max: int, tokens: int = 1) -> int:
        """Take the name's tokens: 0, or in how many seconds to try again, which costs none.

        More than a full bucket has are taken as a full bucket.
        """
        with self._lock:
            now = self._monotonic()
            seconds = min(tokens, per_minute_max) * MINUTE_SECONDS / per_minute_max
            full_at = max(self._full_at.get(name, now), now) + seconds
            wait_seconds = full_at - now - MINUTE_SECONDS
            if wait_seconds > _ROUNDING_SECONDS:
                return math.ceil(wait_seconds - _ROUNDING_SECONDS)
            self._full_at[name] = full_at
            return 0


class AddressRate:
    """How much of one thing each caller's address, or e-mail, may ask for."""

    def __init__(
        self,
        per_minute_max: int,
        monotonic: Callable[[], float],
        refusal: type[RateExceeded] = TooManyQuotes,
    ) -> None:
        """`monotonic` is in seconds. `refusal` says of what it is too many."""
        self._per_minute_max = per_minute_max
        self._refusal = refusal
        self._buckets = Buckets(monotonic)

    def take(self, address: str, tokens: int = 1) -> None:
        """Take the address's tokens. The refusal, which costs none, says when to retry."""
        wait_seconds = self._buckets.take(address, self._per_minute_max, tokens)
        if wait_seconds:
            raise self._refusal(self._per_minute_max, wait_seconds)


def refuse_announced_excess(content_length: str | None, bytes_max: int) -> None:
    """BodyTooLarge if the caller says beforehand that the body is; a false word is caught later."""
    if content_length is None or not (content_length.isascii() and content_length.isdigit()):
        return
    if len(content_length) > _LENGTH_DIGITS_MAX or int(content_length) > bytes_max:
        raise BodyTooLarge(bytes_max)
