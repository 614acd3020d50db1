"""The critics' panel: several looks at one picture or clip, and one verdict.

Each member looks through a lens of its own. One that could not look has no vote, and where none
could the verdict has no score: that is not a zero, and the shot goes on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from activities.paid_calls import PaidCall, paid_call
from activities.references import characters_of, shot_pictures
from activities.workbench import Workbench
from studio.contracts.workflow_io import Review, ReviewTask
from studio.providers.errors import ProviderError, SubmissionUnknown, UnusableAnswer
from studio.providers.ports import Critic, ReviewRequest, Verdict
from studio.providers.quoting import shortened

REFERENCES_MAX: Final = 3
"""Pictures that a critic compares with, besides the one it judges."""

REMARK_LENGTH_MAX: Final = 600
"""Characters of all remarks together: they go into the next prompt and into the status."""

Look = Callable[[ReviewRequest], Awaitable[Verdict]]


async def review_media(
    bench: Workbench, task: ReviewTask, critic: Critic, look: Look, filename: str
) -> Review:
    """Have the panel look at `task.media_key`. Raises ProviderError where a call failed."""

    async def work() -> Review:
        async with bench.workspace("review") as folder:
            requests = await _requests(bench, task, critic.lenses, folder, filename)
            return verdict_of(await _votes(look, requests))

    medium = filename.split(".", 1)[0]
    call = PaidCall(
        call_id=f"{task.project_id}-shot{task.shot.index:03d}-{medium}{task.attempt}-review",
        project_id=task.project_id,
        provider=task.model.provider,
        request=task,
    )
    return await paid_call(bench, call, work=work, kind=Review)


async def _votes(look: Look, requests: Sequence[ReviewRequest]) -> list[Verdict]:
    """Those that there are: to ask all again for one that failed would pay the others again.

    None is left at work when this returns. Where all failed the failure is raised, and one that
    may have been paid for before one that was not.
    """
    answers = await asyncio.gather(*map(look, requests), return_exceptions=True)
    votes = [answer for answer in answers if isinstance(answer, Verdict)]
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    grave = [error for error in failures if not isinstance(error, ProviderError)]
    paid = [error for error in failures if isinstance(error, SubmissionUnknown | UnusableAnswer)]
    if grave or not votes:
        raise (grave or paid or failures)[0]
    return votes


def verdict_of(votes: Sequence[Verdict]) -> Review:
    """Most of those who could look decide; the score is their median."""
    seen = [vote for vote in votes if vote.score is not None]
    if not seen:
        return Review(passed=True, remark=_joined(votes))
    passed = 2 * sum(vote.passed for vote in seen) > len(seen)
    score = median(vote.score for vote in seen if vote.score is not None)
    against = [vote for vote in seen if not vote.passed]
    return Review(passed=passed, score=round(score, 1), remark=_joined(against or seen))


def _joined(votes: Sequence[Verdict]) -> str:
    remarks = dict.fromkeys(vote.remark.strip() for vote in votes if vote.remark.strip())
    return shortened(" ".join(remarks), REMARK_LENGTH_MAX)


async def _requests(
    bench: Workbench, task: ReviewTask, lenses: Sequence[str], folder: Path, filename: str
) -> list[ReviewRequest]:
    screenplay = await bench.screenplay(task.screenplay_key)
    script = screenplay.shot(task.shot.index)
    media = await bench.fetch(task.media_key, folder / filename)
    references = await shot_pictures(
        bench,
        screenplay,
        script,
        analysis_key=task.analysis_key,
        sheets=task.sheets,
        folder=folder,
        pictures_max=REFERENCES_MAX,
    )
    return [
        ReviewRequest(
            model=task.model.provider_model,
            lens=lens,
            shot=script,
            style=screenplay.style,
            media=media,
            references=references,
            characters=characters_of(screenplay, script),
        )
        for lens in lenses
    ]
