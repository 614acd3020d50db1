"""What can go wrong on the way to Stripe, scripted by call and occurrence."""

import threading
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """BEFORE: nothing was done. AFTER: it was (the card is charged), and nobody is told."""

    DELAY = "delay"
    """Work begins after `seconds`; the idempotency key is in use meanwhile."""
    BUSY = "busy"
    """429, with Retry-After if `retry_after_seconds` is given."""
    KEY_IN_USE = "key_in_use"
    """409, as if the same request were being worked on."""
    DENIED = "denied"
    """401, or 403 if `status` says so."""
    UNAVAILABLE_BEFORE = "unavailable_before"
    UNAVAILABLE_AFTER = "unavailable_after"
    """5xx (`status`, 503 if not said) from something in front of Stripe: the same idempotency key
    gets the true answer."""
    BROKEN_AFTER = "broken_after"
    """5xx (`status`, 500 if not said) from Stripe itself, after it charged: the idempotency key
    keeps it for a day, and only a search or a webhook tells the truth."""
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
    """Done; the reply ends half-way through its body."""
    MALFORMED_REPLY = "malformed_reply"
    """Done; the body of the reply is not JSON."""


ONLY_WITH_KEYS = frozenset({Fault.KEY_IN_USE, Fault.BROKEN_AFTER})
"""They make sense of a POST only."""


@dataclass(frozen=True)
class Injection:
    """One fault and its details. `matching`: only requests with that text in path or form."""

    fault: Fault
    status: int | None = None
    retry_after_seconds: float | None = None
    seconds: float = 0.0
    matching: str = ""


@dataclass
class _Planned:
    injection: Injection
    skip: int
    times: int


class Faults:
    """The faults to come, in the order they were added. `calls`: name and method of each."""

    def __init__(self, calls: dict[str, str]) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._planned: dict[str, list[_Planned]] = {}
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
        seconds: float = 0.0,
        matching: str = "",
    ) -> None:
        """Let the next `times` calls (with `matching` in path or form) fail after `skip`.

        Raises ValueError for an unknown call, and for a fault that cannot happen to it.
        """
        if call not in self._calls:
            raise ValueError(f"There is no call {call!r}; there are {', '.join(self._calls)}.")
        if Fault(fault) in ONLY_WITH_KEYS and self._calls[call] != "POST":
            raise ValueError(f"{fault} cannot happen to {call}.")
        injection = Injection(Fault(fault), status, retry_after_seconds, seconds, matching)
        with self._lock:
            self._planned.setdefault(call, []).append(_Planned(injection, skip, times))

    def clear(self) -> None:
        with self._lock:
            self._planned = {}

    def take(self, call: str, request: str) -> Injection | None:
        """The fault of this occurrence of the call, if any."""
        with self._lock:
            fitting = [
                planned
                for planned in self._planned.get(call, [])
                if planned.times > 0 and planned.injection.matching in request
            ]
            ripe = next((planned for planned in fitting if planned.skip == 0), None)
            for planned in fitting:
                planned.skip = max(0, planned.skip - 1)
            if ripe is None:
                return None
            ripe.times -= 1
            self.happened.append((call, ripe.injection.fault))
            return ripe.injection
