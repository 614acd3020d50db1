"""What can go wrong, scripted by kind of call and occurrence, or drawn from a seed."""

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """BEFORE: nothing was accepted or booked. AFTER: it was, and the caller does not learn it.

    Refusals and failures take each provider's own form; at a submit they decide how the job will
    end (or, where the provider looks at once, that there is none), at a poll they end it now.
    """

    BUSY = "busy"
    """429, with google.rpc.RetryInfo or Retry-After if `retry_after_seconds` is given."""
    UNAVAILABLE_BEFORE = "unavailable_before"
    UNAVAILABLE_AFTER = "unavailable_after"
    """5xx (`status`, 503 if not said)."""
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    """TCP RST after the whole request was read."""
    CLOSED_BEFORE = "closed_before"
    CLOSED_AFTER = "closed_after"
    """The connection is closed in good order without any reply."""
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    """No reply until the caller gives up."""
    CUT_REPLY = "cut_reply"
    """Accepted; the reply ends half-way through its body."""
    MALFORMED_REPLY = "malformed_reply"
    """Accepted; the body of the reply is not JSON."""
    MALFORMED_ANSWER = "malformed_answer"
    """The reply is fine, but the JSON that the model wrote ends half-way."""
    SCHEMA_BROKEN = "schema_broken"
    """The JSON that the model wrote breaks the schema it was given."""
    PROMPT_REFUSED = "prompt_refused"
    IMAGE_REFUSED = "image_refused"
    OUTPUT_REFUSED = "output_refused"
    JOB_FAILED = "job_failed"
    ODD_STATUS = "odd_status"
    """An Interactions status such as `incomplete` or `budget_exceeded` (in `detail`)."""
    STILL_RUNNING = "still_running"
    """This poll says that the job runs, whatever is the case."""
    NOT_LISTED = "not_listed"
    """This answer does not name the newest job yet."""
    OUTPUT_EXPIRED = "output_expired"
    """404 (or `status`) for the file; an output to gs:// is never written."""
    MODEL_GONE = "model_gone"
    DENIED = "denied"
    """401, or 403 if `status` says so."""
    KEY_ECHOED = "key_echoed"
    """400, with the caller's key and address in the sentence."""
    CANCEL_REFUSED = "cancel_refused"
    """It is too late to cancel."""


EVERYWHERE = frozenset(
    {
        Fault.BUSY,
        Fault.UNAVAILABLE_BEFORE,
        Fault.UNAVAILABLE_AFTER,
        Fault.RESET_BEFORE,
        Fault.RESET_AFTER,
        Fault.CLOSED_BEFORE,
        Fault.CLOSED_AFTER,
        Fault.HANG_BEFORE,
        Fault.HANG_AFTER,
        Fault.CUT_REPLY,
        Fault.MALFORMED_REPLY,
        Fault.DENIED,
        Fault.KEY_ECHOED,
    }
)
_GENERATED = frozenset({Fault.PROMPT_REFUSED, Fault.IMAGE_REFUSED, Fault.OUTPUT_REFUSED})
_WRITTEN = frozenset({Fault.MALFORMED_ANSWER, Fault.SCHEMA_BROKEN})
_ORDERED = _GENERATED | {Fault.MODEL_GONE, Fault.JOB_FAILED, Fault.OUTPUT_EXPIRED}
_POLLED = _GENERATED | {Fault.STILL_RUNNING, Fault.JOB_FAILED, Fault.OUTPUT_EXPIRED}

CALLS: dict[str, frozenset[Fault]] = {
    "google.text": _GENERATED | _WRITTEN | {Fault.MODEL_GONE},
    "google.image": _GENERATED | {Fault.MODEL_GONE},
    "google.speech": _GENERATED | {Fault.MODEL_GONE},
    "veo.submit": _ORDERED,
    "veo.poll": _POLLED,
    "interactions.create": _ORDERED | _WRITTEN | {Fault.ODD_STATUS},
    "interactions.poll": _POLLED | {Fault.ODD_STATUS},
    "interactions.cancel": frozenset({Fault.CANCEL_REFUSED}),
    "files.upload": frozenset(),
    "files.download": frozenset({Fault.OUTPUT_EXPIRED}),
    "fal.upload": frozenset(),
    "fal.submit": _ORDERED,
    "fal.status": _POLLED,
    "fal.result": _POLLED,
    "fal.cancel": frozenset({Fault.CANCEL_REFUSED}),
    "fal.list": frozenset({Fault.NOT_LISTED}),
    "fal.download": frozenset({Fault.OUTPUT_EXPIRED}),
    "kling.submit": _ORDERED,
    "kling.poll": _POLLED | {Fault.NOT_LISTED},
    "kling.list": frozenset({Fault.NOT_LISTED}),
    "kling.download": frozenset({Fault.OUTPUT_EXPIRED}),
}
"""What can happen to each call besides what can happen everywhere."""


@dataclass(frozen=True)
class Injection:
    """One fault and its details. `matching`: only of requests with that text in path or body."""

    fault: Fault
    status: int | None = None
    retry_after_seconds: float | None = None
    detail: str = ""
    matching: str = ""


@dataclass
class _Planned:
    injection: Injection
    skip: int
    times: int


class Faults:
    """The faults to come. Those added by hand go before those of a plan."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: dict[str, list[_Planned]] = {}
        self._rates: Mapping[str, Mapping[Fault, float]] = {}
        self._seed = 0
        self._occurrences: dict[str, int] = {}
        self.happened: list[tuple[str, Fault]] = []

    def add(
        self,
        call: str,
        fault: Fault | str,
        times: int = 1,
        *,
        skip: int = 0,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        detail: str = "",
        matching: str = "",
    ) -> None:
        """Let the next `times` calls (with `matching` in path or body) fail after `skip`.

        Raises ValueError for an unknown call, and for a fault that cannot happen to it.
        """
        injection = Injection(_possible(call, fault), status, retry_after_seconds, detail, matching)
        with self._lock:
            self._planned.setdefault(call, []).append(_Planned(injection, skip, times))

    def plan(self, seed: int, rates: Mapping[str, Mapping[str, float]]) -> None:
        """Let faults happen at random: by call, how likely each is (the rest is success).

        The n-th occurrence of a call has the same fate for the same seed, whatever the others do.
        """
        read = {
            call: {_possible(call, fault): rate for fault, rate in likely.items()}
            for call, likely in rates.items()
        }
        with self._lock:
            self._seed, self._rates = seed, read

    def clear(self) -> None:
        with self._lock:
            self._planned, self._rates = {}, {}

    def take(self, call: str, request: bytes) -> Injection | None:
        """The fault of this occurrence of the call, if any."""
        with self._lock:
            number = self._occurrences[call] = self._occurrences.get(call, 0) + 1
            taken = self._added(call, request) or self._drawn(call, number)
            if taken is not None:
                self.happened.append((call, taken.fault))
            return taken

    def _added(self, call: str, request: bytes) -> Injection | None:
        fitting = [
            planned
            for planned in self._planned.get(call, [])
            if planned.times > 0 and planned.injection.matching.encode() in request
        ]
        ripe = next((planned for planned in fitting if planned.skip == 0), None)
        for planned in fitting:
            planned.skip = max(0, planned.skip - 1)
        if ripe is None:
            return None
        ripe.times -= 1
        return ripe.injection

    def _drawn(self, call: str, number: int) -> Injection | None:
        rates = self._rates.get(call)
        if not rates:
            return None
        drawn = random.Random(f"{self._seed}:{call}:{number}").random()  # noqa: S311 # no secret
        for fault, rate in rates.items():
            drawn -= rate
            if drawn < 0:
                return Injection(fault, retry_after_seconds=0.0 if fault is Fault.BUSY else None)
        return None


def _possible(call: str, fault: Fault | str) -> Fault:
    if call not in CALLS:
        raise ValueError(f"There is no call {call!r}; there are {', '.join(CALLS)}.")
    if Fault(fault) not in EVERYWHERE | CALLS[call]:
        raise ValueError(f"{fault} cannot happen to {call}.")
    return Fault(fault)
