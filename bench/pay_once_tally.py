"""What a run of renders cost at the vendors, beside what came of it in the studio's own books."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.pay_once_renders import Film
from studio.contracts.keys import preview_key
from studio.contracts.status import ClipState, RenderSnapshot, RenderState
from studio.journal.tables import AttemptRow, CallRow
from studio.ledger import service as ledger
from studio.ledger.tables import Phase, TransferRow
from studio.renders.repository import load_render

Job = Mapping[str, JsonValue]

VIDEO_CALLS: Final = frozenset({"veo.submit", "fal.submit", "kling.submit"})
ANSWERED_CALLS: Final = frozenset({"google.text", "google.image"})
CALLS_OF_A_REVIEW: Final = 3
"""One a lens of the critics' panel."""


@dataclass
class Tally:
    """Counted over all renders. `findings` are sentences about what must not be."""

    shots: int = 0
    clips: int = 0
    replaced: int = 0
    clips_failed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    renders: Counter[str] = field(default_factory=Counter)
    submits: int = 0
    accepted_jobs: int = 0
    billed_jobs: int = 0
    orphaned_jobs: int = 0
    orphaned_credits: int = 0
    attempts: Counter[str] = field(default_factory=Counter)
    answered_calls_billed: int = 0
    answered_calls_needed: int = 0
    lines_settled: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def amplification(self) -> float:
        """Billed jobs a clip that was delivered."""
        return self.billed_jobs / max(self.clips, 1)

    @property
    def amplification_of_answered(self) -> float:
        return self.answered_calls_billed / max(self.answered_calls_needed, 1)


def tally(session: Session, films: Sequence[Film], books: Mapping[str, JsonValue]) -> Tally:
    counted = Tally()
    delivered: set[str] = set()
    for film in films:
        delivered |= _count_render(session, film, counted)
    attempts = list(session.scalars(select(AttemptRow)))
    counted.attempts = Counter(attempt.state.value for attempt in attempts)
    _count_jobs(_dicts(books.get("jobs")), attempts, delivered, films, counted)
    counted.submits = sum(
        request.get("call") in VIDEO_CALLS for request in _dicts(books.get("requests"))
    )
    counted.answered_calls_needed = sum(
        CALLS_OF_A_REVIEW if call_id.endswith("-review") else 1
        for call_id in session.scalars(select(CallRow.call_id).where(CallRow.result.is_not(None)))
    )
    counted.findings += ledger.audit(session)
    return counted


def _count_render(session: Session, film: Film, counted: Tally) -> set[str]:
    """The ids of the attempts whose clips are in the film."""
    project_id, plan = film.render.project_id, film.render.plan
    row = load_render(session, project_id)
    counted.renders[row.status.value] += 1
    counted.shots += len(plan.shots)
    delivered: set[str] = set()
    filmed: set[int] = set()
    for clip in RenderSnapshot.model_validate(row.snapshot).clips:
        if clip.status == ClipState.COMPLETED:
            counted.clips += 1
            if clip.video_key != preview_key(project_id, clip.index, clip.attempts):
                counted.findings.append(f"{project_id}: clip {clip.index} is not of its attempt.")
            filmed.add(clip.index)
            delivered.add(f"{project_id}-shot{clip.index:03d}-take{clip.attempts}")
        elif clip.error:
            counted.reasons[clip.error] += 1
        counted.replaced += clip.status == ClipState.REPLACED
        counted.clips_failed += clip.status == ClipState.FAILED
    settled = Counter(
        session.scalars(
            select(TransferRow.line_id).where(
                TransferRow.subject == project_id, TransferRow.phase == Phase.POST
            )
        )
    )
    counted.lines_settled += settled.total()
    counted.findings += [
        f"{project_id}: {line_id} was settled {times} times."
        for line_id, times in settled.items()
        if times > 1
    ]
    videos = {line.line_id for line in plan.charges.lines if line.line_id.endswith("/video")}
    if videos & set(settled) != {f"shot-{index:03d}/video" for index in filmed}:
        counted.findings.append(f"{project_id}: the clips that are there are not those charged.")
    summary = ledger.summary(session, subject=project_id)
    if row.status not in {RenderState.COMPLETED, RenderState.FAILED} or summary.open:
        counted.findings.append(f"{project_id} is {row.status} and holds {summary.open} credits.")
    return delivered


def _count_jobs(
    jobs: Iterable[Job],
    attempts: Sequence[AttemptRow],
    delivered: set[str],
    films: Sequence[Film],
    counted: Tally,
) -> None:
    prices = {
        f"{film.render.project_id}-{line.line_id.partition('/')[0].replace('-', '')}": line.credits
        for film in films
        for line in film.render.plan.charges.lines
        if line.line_id.endswith("/video")
    }
    owners = {word: row.attempt_id for row in attempts for word in _words_of(row)}
    paid_for: Counter[str] = Counter()
    for job in jobs:
        if job["call"] in ANSWERED_CALLS:
            counted.answered_calls_billed += bool(job["billed"])
        if job["call"] not in VIDEO_CALLS:
            continue
        counted.accepted_jobs += 1
        if not job["billed"]:
            continue
        counted.billed_jobs += 1
        attempt_id = _owner(job, owners)
        paid_for[attempt_id] += 1
        if attempt_id not in delivered or paid_for[attempt_id] > 1:
            counted.orphaned_jobs += 1
            counted.orphaned_credits += prices.get(attempt_id.rpartition("-take")[0], 0)
            counted.findings.append(f"Job {job['number']} of {attempt_id} was paid for nothing.")


def _words_of(row: AttemptRow) -> list[str]:
    """What an attempt's job is recognised by in the vendors' books."""
    known = [*(row.prepared or {}).values(), *(row.handle or {}).values(), row.attempt_id]
    return [str(word) for word in known]


def _owner(job: Job, owners: Mapping[str, str]) -> str:
    fingerprint = job["fingerprint"]
    words = list(fingerprint.values()) if isinstance(fingerprint, dict) else []
    return next(
        (owners[str(word)] for word in [job["id"], *words] if str(word) in owners), "nobody"
    )


def _dicts(value: JsonValue) -> list[Job]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
