"""How long each kind of work takes: real seconds for a benchmark, or a number of polls."""

import time
from dataclasses import dataclass, field

from tests.kit.vendors.books import Job

KINDS = ("text", "image", "speech", "music", "video", "listing")


@dataclass
class Latencies:
    """`seconds` by kind (text, image, speech, music, video); what is not named takes none.

    `listing` is how far fal's list lags behind: a job that is younger is not on it.

    A job that takes no time says `polls` times that it runs before it is done.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    polls: int = 1

    def of(self, kind: str) -> float:
        return self.seconds.get(kind, 0.0)

    def poll(self, job: Job) -> bool:
        """Count a poll of the job. True once it has ended."""
        job.polled += 1
        if not job.ended and not job.canceled:
            job.ended = self.is_over(job) and (job.seconds > 0 or job.polled > self.polls)
        return job.ended

    def is_over(self, job: Job) -> bool:
        """Whether its time is up, asked about or not."""
        return time.monotonic() >= job.accepted + job.seconds

    def is_listed(self, job: Job) -> bool:
        return time.monotonic() >= job.accepted + self.of("listing")
