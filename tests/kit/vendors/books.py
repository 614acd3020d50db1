"""What the providers took on, what they will bill, and every request that came."""

import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from tests.kit.vendors.documents import Json, redacted
from tests.kit.vendors.faults import Fault, Injection
from tests.kit.vendors.wire import Request

SECRET_HEADERS = frozenset({"authorization", "x-goog-api-key"})


class Outcome(StrEnum):
    """How a job ends, decided when it is taken on unless a poll decides otherwise."""

    FINE = "fine"
    PROMPT_REFUSED = "prompt_refused"
    IMAGE_REFUSED = "image_refused"
    OUTPUT_REFUSED = "output_refused"
    FAILED = "failed"
    EXPIRED = "expired"
    ODD = "odd"


OUTCOMES = {
    Fault.PROMPT_REFUSED: Outcome.PROMPT_REFUSED,
    Fault.IMAGE_REFUSED: Outcome.IMAGE_REFUSED,
    Fault.OUTPUT_REFUSED: Outcome.OUTPUT_REFUSED,
    Fault.JOB_FAILED: Outcome.FAILED,
    Fault.OUTPUT_EXPIRED: Outcome.EXPIRED,
    Fault.ODD_STATUS: Outcome.ODD,
}
UNBILLED = frozenset(
    {Outcome.PROMPT_REFUSED, Outcome.IMAGE_REFUSED, Outcome.OUTPUT_REFUSED, Outcome.FAILED}
)


@dataclass
class Job:
    """A paid thing that a provider accepted.

    `fingerprint` is what its owner can recognise it by: labels, ids, addresses of its own choice.
    `delivered`: the result left in full (for an output to gs://: its place was told).
    """

    number: int
    id: str
    call: str
    model: str
    payload: Json
    fingerprint: dict[str, str]
    units: float
    unit: str
    seconds: float
    accepted: float
    sent_at: datetime
    outcome: Outcome = Outcome.FINE
    detail: str = ""
    polled: int = 0
    ended: bool = False
    delivered: bool = False
    canceled: bool = False

    @property
    def provider(self) -> str:
        return self.call.partition(".")[0]

    @property
    def billed(self) -> bool:
        """It will be on the bill, whether or not anyone ever collects it."""
        return not self.canceled and self.outcome not in UNBILLED


@dataclass(frozen=True)
class SeenRequest:
    """A request without its secrets and without media. `call` is empty for what is free."""

    method: str
    host: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: object
    size_bytes: int
    call: str
    fault: str


@dataclass
class Books:
    """`provider` is google, veo, interactions, fal or kling; or a call such as google.image."""

    requests: list[SeenRequest] = field(default_factory=list)
    _jobs: dict[str, Job] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def accept(
        self,
        *,
        job_id: str,
        call: str,
        model: str,
        payload: Json,
        fingerprint: Mapping[str, str],
        units: float,
        unit: str,
        seconds: float,
        injection: Injection | None,
    ) -> Job:
        """Take on a job of `seconds` of work; an injection may decide how it will end."""
        with self._lock:
            job = Job(
                number=len(self._jobs) + 1,
                id=job_id,
                call=call,
                model=model,
                payload={name: redacted(value) for name, value in payload.items()},
                fingerprint={name: value for name, value in fingerprint.items() if value},
                units=units,
                unit=unit,
                seconds=seconds,
                accepted=time.monotonic(),
                sent_at=datetime.now(UTC),
            )
            if injection is not None:
                job.outcome = OUTCOMES.get(injection.fault, Outcome.FINE)
                job.detail = injection.detail
            self._jobs[job_id] = job
            return job

    def find(self, job_id: str, call: str) -> Job | None:
        job = self._jobs.get(job_id)
        return job if job is not None and job.call == call else None

    def see(self, request: Request, call: str, injection: Injection | None) -> None:
        shown = {
            name: "…" if name in SECRET_HEADERS else value
            for name, value in request.headers.items()
        }
        seen = SeenRequest(
            request.method,
            request.host,
            request.path,
            dict(request.query),
            shown,
            redacted(request.document),
            len(request.body),
            call,
            injection.fault if injection else "",
        )
        with self._lock:
            self.requests.append(seen)

    def jobs(self, provider: str = "") -> list[Job]:
        """What was accepted, in order."""
        with self._lock:
            return [job for job in self._jobs.values() if _is_of(job.call, provider)]

    def billed(self, provider: str = "") -> list[Job]:
        """What will be on the bill: accepted, not canceled, not refused or failed."""
        return [job for job in self.jobs(provider) if job.billed]

    def submits(self, provider: str = "") -> list[SeenRequest]:
        """Every request that asked for something paid, accepted or not."""
        with self._lock:
            return [
                seen
                for seen in self.requests
                if seen.call in PAID_CALLS and _is_of(seen.call, provider)
            ]

    def as_json(self) -> Json:
        """Everything, for another process."""
        with self._lock:
            jobs = [
                {
                    **asdict(job),
                    "sent_at": job.sent_at.isoformat(),
                    "provider": job.provider,
                    "billed": job.billed,
                }
                for job in self._jobs.values()
            ]
            return {"jobs": jobs, "requests": [asdict(seen) for seen in self.requests]}


PAID_CALLS = frozenset(
    {
        "google.text",
        "google.image",
        "google.speech",
        "veo.submit",
        "interactions.create",
        "fal.submit",
        "kling.submit",
    }
)


def _is_of(call: str, provider: str) -> bool:
    return provider in {"", call, call.partition(".")[0]}
