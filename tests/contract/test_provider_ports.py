"""What every model adapter must do, whoever offers it. Each adapter set runs the same tests."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetReport
from studio.providers.errors import ProviderRejected
from studio.providers.local.factory import LOCAL, local_providers
from studio.providers.ports import (
    DescribeRequest,
    JobState,
    MusicRequest,
    Providers,
    SpeechRequest,
    VideoModel,
)
from tests.local_scenes import (
    REFERENCE_SCREENPLAY,
    finished,
    footage,
    image_note,
    image_request,
    pattern,
    plan_request,
    review_request,
    video_request,
    wav_samples,
)


@dataclass(frozen=True)
class Adapters:
    """A provider's adapters on one worker; `restarted` gives those of the worker after it."""

    name: str
    providers: Providers
    restarted: Callable[[], Providers]

    @property
    def video(self) -> VideoModel:
        return self.providers.videos[self.name]


async def _fetch(_key: str, destination: Path) -> None:
    pattern().save(destination, "PNG")


def _local(folder: Path) -> Adapters:
    def connect() -> Providers:
        return local_providers(work_directory=folder / "work", fetch_keyframe=_fetch)

    return Adapters(LOCAL, connect(), connect)


@pytest.fixture(params=[_local], ids=["local"])
def adapters(request: pytest.FixtureRequest, tmp_path: Path) -> Adapters:
    made: Adapters = request.param(tmp_path)
    return made


async def test_a_planner_obeys_the_frozen_shots(adapters: Adapters) -> None:
    notes = (image_note(4, "woman.png", "Young woman", "character"), image_note(9, "hall.png"))
    request = plan_request(REFERENCE_SCREENPLAY, shots=3, assets=AssetReport(notes=notes))
    document = await adapters.providers.planners[adapters.name].plan(request)
    assert [s.index for s in document.shots] == [1, 2, 3]
    assert all(s.title and s.description and s.camera_move for s in document.shots)
    assert {i for s in document.shots for i in s.reference_indices} <= {4, 9}
    assert type(document).model_validate_json(document.model_dump_json()) == document


async def test_an_analyst_says_what_an_upload_shows(adapters: Adapters, tmp_path: Path) -> None:
    pattern().save(tmp_path / "still.png")
    request = DescribeRequest("m", AssetKind.IMAGE, [tmp_path / "still.png"], "still.png")
    description = await adapters.providers.analysts[adapters.name].describe(request)
    assert description is None or description.text


async def test_an_image_model_draws_a_png_of_the_size_asked_for(
    adapters: Adapters, tmp_path: Path
) -> None:
    pattern().save(tmp_path / "reference.png")
    request = image_request(REFERENCE_SCREENPLAY, references=[tmp_path / "reference.png"])
    await adapters.providers.images[adapters.name].draw(request, tmp_path / "still.png")
    with Image.open(tmp_path / "still.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (320, 180))


async def test_a_critic_scores_from_zero_to_ten_and_says_why(
    adapters: Adapters, tmp_path: Path
) -> None:
    pattern().save(tmp_path / "still.png")
    critic = adapters.providers.critics[adapters.name]
    assert critic.lenses
    for lens in critic.lenses:
        verdict = await critic.review_image(review_request(tmp_path / "still.png", lens))
        assert verdict.score is None or 0 <= verdict.score <= 10
        assert verdict.remark


async def test_a_handle_is_plain_text(adapters: Adapters) -> None:
    handle = await adapters.video.submit(video_request(), {})
    assert json.loads(json.dumps(handle)) == handle
    assert all(isinstance(value, str) for value in handle.values())


async def test_a_clip_is_filmed_as_ordered(adapters: Adapters, tmp_path: Path) -> None:
    handle = await adapters.video.submit(video_request(duration_seconds=2), {})
    status = await finished(adapters.video, handle)
    assert (status.state, status.progress, status.error) == (JobState.SUCCEEDED, 1.0, None)
    await adapters.video.collect(handle, tmp_path / "clip.mp4")
    clip = footage(tmp_path / "clip.mp4")
    assert clip.frames.shape == (48, 90, 160, 3)
    assert clip.frames_per_second == 24
    assert abs(clip.sound_seconds - 2) < 0.05
    assert clip.loudest > 0.001


async def test_progress_stays_between_nothing_and_all(adapters: Adapters) -> None:
    handle = await adapters.video.submit(video_request(), {})
    seen = [await adapters.video.poll(handle) for _ in range(5)]
    seen.append(await finished(adapters.video, handle))
    progress = [status.progress for status in seen]
    assert progress == sorted(progress)
    assert 0 <= progress[0] <= progress[-1] == 1


async def test_a_worker_that_takes_over_needs_the_handle_only(
    adapters: Adapters, tmp_path: Path
) -> None:
    handle = await adapters.video.submit(video_request(), {})
    successor = adapters.restarted().videos[adapters.name]
    assert (await finished(successor, handle)).state is JobState.SUCCEEDED
    await successor.collect(handle, tmp_path / "clip.mp4")
    assert footage(tmp_path / "clip.mp4").frames.shape[0] == 24


async def test_collecting_twice_gives_the_same_clip(adapters: Adapters, tmp_path: Path) -> None:
    handle = await adapters.video.submit(video_request(), {})
    for name in ("first.mp4", "second.mp4"):
        await finished(adapters.video, handle)
        await adapters.video.collect(handle, tmp_path / name)
    assert (tmp_path / "first.mp4").read_bytes() == (tmp_path / "second.mp4").read_bytes()


async def test_collecting_leaves_the_destination_only(adapters: Adapters, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    await adapters.video.collect(await adapters.video.submit(video_request(), {}), folder / "c.mp4")
    assert [path.name for path in folder.iterdir()] == ["c.mp4"]


@pytest.mark.requirement("FLOW-3")
async def test_a_submission_without_an_answer_is_found_again(adapters: Adapters) -> None:
    request = video_request("attempt-lost")
    handle = await adapters.video.submit(request, {})
    assert (
        await adapters.restarted().videos[adapters.name].reconcile(request, {}, age_seconds=5)
        == handle
    )


async def test_an_attempt_that_was_never_submitted_is_not_found(adapters: Adapters) -> None:
    await adapters.video.submit(video_request("attempt-known"), {})
    assert (
        await adapters.video.reconcile(video_request("attempt-unknown"), {}, age_seconds=5) is None
    )


async def test_a_canceled_clip_never_arrives(adapters: Adapters) -> None:
    handle = await adapters.video.submit(video_request(duration_seconds=30), {})
    await adapters.video.poll(handle)
    assert await adapters.video.cancel(handle)
    assert (await finished(adapters.video, handle)).state is JobState.FAILED


async def test_canceling_twice_or_too_late_does_nothing(adapters: Adapters, tmp_path: Path) -> None:
    handle = await adapters.video.submit(video_request(), {})
    await finished(adapters.video, handle)
    await adapters.video.collect(handle, tmp_path / "clip.mp4")
    await adapters.video.cancel(handle)
    await adapters.video.cancel(handle)
    assert footage(tmp_path / "clip.mp4").frames.shape[0] == 24


async def test_a_clip_that_no_model_films_is_rejected(adapters: Adapters) -> None:
    with pytest.raises(ProviderRejected) as refusal:
        await adapters.video.submit(video_request(width=0), {})
    assert refusal.value.detail


async def test_music_is_a_wav_of_exactly_the_length(adapters: Adapters, tmp_path: Path) -> None:
    request = MusicRequest("local-synth", "A test film", "slow and warm", "", 4.5, seed=3)
    await adapters.providers.music[adapters.name].compose(request, tmp_path / "music.wav")
    samples, rate = wav_samples(tmp_path / "music.wav")
    assert len(samples) / rate == 4.5


async def test_a_voice_writes_a_wav(adapters: Adapters, tmp_path: Path) -> None:
    voice = adapters.providers.voices[adapters.name]
    await voice.speak(SpeechRequest("local-tts", "The storyboard is done."), tmp_path / "voice.wav")
    samples, rate = wav_samples(tmp_path / "voice.wav")
    assert len(samples) > rate / 2
