"""The critics' panel: one that fails costs a vote, and nobody is paid twice for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.reviews import review_media
from activities.workbench import Workbench
from studio.contracts.documents import ScreenplayDocument, ShotScript
from studio.contracts.plan import ModelChoice, ShotTiming
from studio.contracts.workflow_io import Review, ReviewTask
from studio.db.engine import Database
from studio.journal.errors import TriesExhausted
from studio.providers.errors import ProviderBusy, ProviderError, SubmissionUnknown
from studio.providers.ports import ReviewRequest, Verdict
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PAID = ModelChoice(requested="judge", used="judge", provider="google", provider_model="judge")
BUSY = ProviderBusy("Later.")
LOST = SubmissionUnknown("No answer came.")


@dataclass
class Panel:
    """Critics of whom some fail, and how often each was asked."""

    failing: Mapping[str, ProviderError]
    lenses: Sequence[str] = ("shot", "references", "craft")
    asked: Counter[str] = field(default_factory=Counter)

    async def review_image(self, request: ReviewRequest) -> Verdict:
        self.asked[request.lens] += 1
        if request.lens in self.failing:
            raise self.failing[request.lens]
        return Verdict(passed=True, score=9.0, remark=request.lens)

    review_clip = review_image


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Workbench:
    storage = LocalStorage(tmp_path / "storage", UrlSigner([SigningKey("test", b"0" * 32)]))
    return Workbench(database=database, storage=storage, scratch=tmp_path, now=lambda: NOW)


async def _reviewed(bench: Workbench, panel: Panel) -> Review:
    script = ShotScript(index=1, title="Boat", description="A boat.", camera_move="push_in")
    document = ScreenplayDocument(title="A film", style="plain", shots=(script,))
    bench.storage.put_bytes("keyframe.png", b"a picture", content_type="image/png")
    task = ReviewTask(
        project_id="proj_api_1",
        shot=ShotTiming(index=1, frames=96, filmed_seconds=4),
        model=PAID,
        screenplay_key=await bench.write_document("proj_api_1/screenplay.json", document),
        media_key="keyframe.png",
        attempt=1,
    )
    return await review_media(bench, task, panel, panel.review_image, "keyframe.png")


async def test_a_critic_that_fails_costs_its_vote_and_the_others_are_not_paid_again(
    bench: Workbench,
) -> None:
    panel = Panel({"craft": BUSY})
    review = await _reviewed(bench, panel)
    assert (review.passed, review.score, review.remark) == (True, 9.0, "shot references")
    assert await _reviewed(bench, panel) == review
    assert panel.asked == Counter(panel.lenses)


async def test_a_panel_that_may_have_been_paid_for_is_asked_a_few_times_only(
    bench: Workbench,
) -> None:
    panel = Panel({"shot": BUSY, "references": LOST, "craft": BUSY})
    for _ in range(3):
        with pytest.raises(SubmissionUnknown):
            await _reviewed(bench, panel)
    with pytest.raises(TriesExhausted):
        await _reviewed(bench, panel)


async def test_a_panel_that_is_busy_altogether_costs_nothing(bench: Workbench) -> None:
    busy = Panel(dict.fromkeys(("shot", "references", "craft"), BUSY))
    for _ in range(5):
        with pytest.raises(ProviderBusy):
            await _reviewed(bench, busy)
    assert (await _reviewed(bench, Panel({}))).score == 9.0
