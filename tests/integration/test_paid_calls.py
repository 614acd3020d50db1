"""Calls that answer at once: tries are bounded, and a result is never bought twice."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.paid_calls import CALL_TRIES_MAX, PaidCall, paid_call
from activities.workbench import Workbench
from studio.contracts.workflow_io import Keyframe
from studio.db.engine import Database
from studio.journal.errors import AttemptConflict, TriesExhausted
from studio.providers.errors import (
    ModerationRefused,
    ProviderBusy,
    ProviderError,
    RefusedInput,
    SubmissionUnknown,
    UnusableAnswer,
)
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PICTURE = Keyframe(key="keyframe.png", width=1280, height=720)


class Crash(BaseException):
    """A worker that is killed: nothing that it would have done next is done."""


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Workbench:
    storage = LocalStorage(tmp_path / "storage", UrlSigner([SigningKey("test", b"0" * 32)]))
    return Workbench(database=database, storage=storage, scratch=tmp_path, now=lambda: NOW)


@dataclass
class Model:
    """Answers in turn with what it was given; an exception is raised."""

    answers: list[Keyframe | BaseException] = field(default_factory=list)
    asked: int = 0

    async def draw(self) -> Keyframe:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _call(provider: str = "google", text: str = "a boat") -> PaidCall:
    return PaidCall("proj_api_1-shot001-keyframe1", "proj_api_1", provider, {"text": text})


async def _draw(bench: Workbench, model: Model, call: PaidCall | None = None) -> Keyframe:
    work: Callable[[], Awaitable[Keyframe]] = model.draw
    return await paid_call(bench, call or _call(), work=work, kind=Keyframe)


@pytest.mark.requirement("FLOW-3")
async def test_a_result_that_is_kept_is_not_bought_again(bench: Workbench) -> None:
    model = Model([PICTURE])
    assert await _draw(bench, model) == PICTURE
    assert await _draw(bench, model) == PICTURE
    assert model.asked == 1


@pytest.mark.requirement("FLOW-3")
@pytest.mark.parametrize(
    "lost", [Crash(), SubmissionUnknown("No answer came."), UnusableAnswer("It is no picture.")]
)
async def test_what_may_have_been_paid_for_is_asked_for_a_few_times_only(
    bench: Workbench, lost: BaseException
) -> None:
    model = Model([lost] * 99)
    for _ in range(CALL_TRIES_MAX):
        with pytest.raises(type(lost)):
            await _draw(bench, model)
    with pytest.raises(TriesExhausted, match="asked 3 times"):
        await _draw(bench, model)
    assert model.asked == CALL_TRIES_MAX


@pytest.mark.parametrize(
    "refusal",
    [
        ProviderBusy("Later.", retry_after_seconds=1),
        ProviderError("The connection was refused."),
        ModerationRefused("No.", refused=RefusedInput.PROMPT),
    ],
)
async def test_a_try_that_cost_nothing_does_not_count(
    bench: Workbench, refusal: ProviderError
) -> None:
    model = Model([*[refusal] * (CALL_TRIES_MAX + 2), PICTURE])
    for _ in range(CALL_TRIES_MAX + 2):
        with pytest.raises(type(refusal)):
            await _draw(bench, model)
    assert await _draw(bench, model) == PICTURE


async def test_a_refused_text_may_be_softened_under_the_same_id(bench: Workbench) -> None:
    model = Model([ModerationRefused("No.", refused=RefusedInput.PROMPT), PICTURE])
    with pytest.raises(ModerationRefused):
        await _draw(bench, model)
    assert await _draw(bench, model, _call(text="a quiet boat")) == PICTURE


async def test_a_text_may_still_be_softened_after_an_answer_was_lost(bench: Workbench) -> None:
    lost = SubmissionUnknown("No answer came.")
    refused = ModerationRefused("No.", refused=RefusedInput.PROMPT)
    model = Model([lost, refused, lost, lost, PICTURE])
    for text, error in (("a", lost), ("a", refused), ("b", lost), ("c", lost)):
        with pytest.raises(type(error)):
            await _draw(bench, model, _call(text=text))
    with pytest.raises(TriesExhausted):  # three may have been paid for, whatever they were told
        await _draw(bench, model, _call(text="d"))


@pytest.mark.requirement("FLOW-3")
async def test_a_run_that_begins_again_gets_what_its_softened_request_bought(
    bench: Workbench,
) -> None:
    model = Model([ModerationRefused("No.", refused=RefusedInput.PROMPT), PICTURE])
    with pytest.raises(ModerationRefused):
        await _draw(bench, model)
    await _draw(bench, model, _call(text="a quiet boat"))
    assert await _draw(bench, model) == PICTURE
    assert model.asked == 2


async def test_one_id_never_stands_for_two_renders(bench: Workbench) -> None:
    model = Model([PICTURE])
    await _draw(bench, model)
    theirs = PaidCall(_call().call_id, "proj_api_2", "google", {"text": "a boat"})
    with pytest.raises(AttemptConflict):
        await _draw(bench, model, theirs)


async def test_a_field_that_a_release_adds_does_not_make_another_request(
    bench: Workbench,
) -> None:
    model = Model([PICTURE])
    plain = PaidCall("call-1", "proj_api_1", "google", Keyframe(key="k", width=1, height=1))
    assert await _draw(bench, model, plain) == PICTURE
    newer = PaidCall("call-1", "proj_api_1", "google", _Newer(key="k", width=1, height=1))
    assert await _draw(bench, model, newer) == PICTURE


class _Newer(Keyframe):
    added: int = 0


async def test_local_models_cost_nothing_and_are_not_written_down(bench: Workbench) -> None:
    model = Model([PICTURE] * 9)
    for _ in range(9):
        assert await _draw(bench, model, _call(provider="local")) == PICTURE
    assert model.asked == 9
