"""The result of the pay-once benchmark."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.options import Options
from bench.pay_once_tally import Tally
from bench.result import Finding, Row, rounded, show
from studio.contracts.workflow_io import ReconcileResult

NAME: Final = "pay-once"
UNIT: Final = "billed jobs a clip delivered"
TARGET_AMPLIFICATION: Final = 1.0
RUNS_MIN: Final = 100
FINDINGS_SHOWN_MAX: Final = 20
REASONS_SHOWN_MAX: Final = 10


@dataclass(frozen=True)
class Settled:
    """What one render's history says about orders whose outcome was not known."""

    asked: int
    adopted: int
    lost: int

    @staticmethod
    def of(history: WorkflowHistory) -> "Settled":
        asked: set[int] = set()
        answers: list[ReconcileResult] = []
        converter = pydantic_data_converter.payload_converter
        for event in history.events:
            scheduled = event.activity_task_scheduled_event_attributes
            if scheduled.activity_type.name == "reconcile_clip":
                asked.add(event.event_id)
            completed = event.activity_task_completed_event_attributes
            if completed.scheduled_event_id in asked:
                answers += converter.from_payloads(completed.result.payloads, [ReconcileResult])
        return Settled(
            len(asked),
            sum(answer.job is not None for answer in answers),
            sum(answer.lost for answer in answers),
        )


@dataclass(frozen=True)
class Run:
    """One run of renders. `deaths` are the moments at which a worker was killed."""

    tally: Tally
    settled: Sequence[Settled]
    deaths: Sequence[str]
    moments: set[str]
    faults: Counter[str]


@dataclass(frozen=True)
class NaiveTally:
    renders: int
    shots: int
    tries_max: int
    clips: int
    accepted: int
    billed: int
    deaths: int

    @property
    def amplification(self) -> float:
        return self.billed / max(self.clips, 1)


def finding(
    options: Options, run: Run, naive: NaiveTally, *, seed: int, providers: Sequence[str]
) -> Finding:
    counted = run.tally
    _show(options, run, naive)
    runs = sum(counted.renders.values())
    met = (
        counted.amplification == TARGET_AMPLIFICATION
        and counted.orphaned_credits == 0
        and not counted.findings
        and runs >= RUNS_MIN
    )
    return Finding(
        name=NAME,
        value=rounded(counted.amplification),
        unit=UNIT,
        baseline=rounded(naive.amplification),
        ratio=rounded(counted.amplification / naive.amplification),
        details={
            "target": "amplification 1.00, orphaned spend 0, over at least 100 renders",
            "target_met": met,
            "runs": runs,
            "kills": len(run.deaths),
            "submits": counted.submits,
            "shots": counted.shots,
            "clips": counted.clips,
            "orphaned_credits": counted.orphaned_credits,
            "orphaned_jobs": counted.orphaned_jobs,
            "accepted_jobs": counted.accepted_jobs,
            "billed_jobs": counted.billed_jobs,
            "seed": seed,
            "providers": list(providers),
            "renders_by_end": dict(counted.renders),
            "shots_replaced": counted.replaced,
            "shots_failed": counted.clips_failed,
            "why_not_filmed": dict(counted.reasons.most_common(REASONS_SHOWN_MAX)),
            "attempts_by_state": dict(counted.attempts),
            "orders_asked_about": sum(one.asked for one in run.settled),
            "orders_adopted": sum(one.adopted for one in run.settled),
            "orders_given_up": sum(one.lost for one in run.settled),
            "faults": sum(run.faults.values()),
            "faults_by_kind": dict(run.faults.most_common()),
            "kill_moments_seen": len(run.moments),
            "kill_moments_hit": len(set(run.deaths)),
            "kills_by_activity": _by_activity(run.deaths),
            "answered_calls": _answered(counted),
            "lines_settled": counted.lines_settled,
            "findings": list(counted.findings[:FINDINGS_SHOWN_MAX]),
            "baseline": _naive_details(naive),
            "real": "workflow, activities, adapters over HTTP, journal, ledger (SQLite), storage",
            "replaced": "providers by a local server of their wire formats; encodings by copies; "
            "times after which an unanswered order counts as lost by seconds",
            "left_out": "outputs that a provider loses itself, calls that hang, and Gemini Omni, "
            "which without a bucket cannot be asked about an order",
        },
    )


def _answered(counted: Tally) -> dict[str, JsonValue]:
    """Calls that answer at once have no handle to ask about: what they may cost is bounded."""
    return {
        "billed": counted.answered_calls_billed,
        "needed": counted.answered_calls_needed,
        "amplification": rounded(counted.amplification_of_answered),
        "tries_max": 3,
    }


def _naive_details(naive: NaiveTally) -> dict[str, JsonValue]:
    return {
        "pipeline": f"order, wait and fetch in one activity of {naive.tries_max} tries, no journal",
        "renders": naive.renders,
        "shots": naive.shots,
        "kills": naive.deaths,
        "clips": naive.clips,
        "accepted_jobs": naive.accepted,
        "billed_jobs": naive.billed,
        "amplification": rounded(naive.amplification),
    }


def _by_activity(deaths: Sequence[str]) -> dict[str, JsonValue]:
    counts = Counter(moment.partition(":")[0] for moment in deaths)
    return dict(counts.most_common())


def _show(options: Options, run: Run, naive: NaiveTally) -> None:
    counted = run.tally
    rows = [
        Row(
            "billed jobs a clip",
            f"{counted.amplification:.3f}",
            f"{naive.amplification:.3f}",
            f"{counted.amplification / naive.amplification:.2f}",
        ),
        Row("renders", str(sum(counted.renders.values())), str(naive.renders)),
        Row("kills", str(len(run.deaths)), str(naive.deaths)),
        Row("faults", str(sum(run.faults.values()))),
        Row("shots", str(counted.shots), str(naive.shots)),
        Row("clips", str(counted.clips), str(naive.clips)),
        Row("billed jobs", str(counted.billed_jobs), str(naive.billed)),
        Row("orphaned credits", str(counted.orphaned_credits)),
        Row("shots replaced / failed", f"{counted.replaced} / {counted.clips_failed}"),
        Row("calls that answer at once", f"{counted.amplification_of_answered:.3f}"),
        Row("moments hit / seen", f"{len(set(run.deaths))} / {len(run.moments)}"),
    ]
    show(options.console, "Paid twice or for nothing, under kills and faults", rows)
    for reason, times in counted.reasons.most_common(REASONS_SHOWN_MAX):
        options.say(f"{times} shots: {reason}")
    for sentence in counted.findings[:FINDINGS_SHOWN_MAX]:
        options.say(sentence)
