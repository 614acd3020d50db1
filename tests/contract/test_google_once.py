"""Every call of google-genai is one request, and every fault on the way is the right error."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from studio.providers.errors import (
    ModelGone,
    ProviderBusy,
    ProviderDenied,
    ProviderError,
    SubmissionUnknown,
)
from studio.providers.google.client import DeveloperAccess, GoogleClient
from studio.providers.google.factory import GOOGLE, google_providers
from tests.google_scenes import (
    KEY,
    TEXT_MODEL,
    Scene,
    compose,
    describe,
    draw,
    google_scene,
    plan,
    plan_request,
    review,
    speak,
    transcribe,
)
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.server import VendorServer

Ask = Callable[[Scene], Awaitable[object]]

CALLS = {
    "plan": (plan, "google.text"),
    "draw": (draw, "google.image"),
    "speak": (speak, "google.speech"),
    "compose": (compose, "interactions.create"),
}
LOOKS = {"describe": describe, "transcribe": transcribe, "review": review}
UNCERTAIN = (
    Fault.UNAVAILABLE_BEFORE,
    Fault.UNAVAILABLE_AFTER,
    Fault.RESET_BEFORE,
    Fault.RESET_AFTER,
    Fault.CLOSED_BEFORE,
    Fault.CLOSED_AFTER,
    Fault.CUT_REPLY,
    Fault.MALFORMED_REPLY,
)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with google_scene(tmp_path) as opened:
        yield opened


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest) -> tuple[Ask, str]:
    chosen: tuple[Ask, str] = CALLS[request.param]
    return chosen


@pytest.mark.parametrize("fault", UNCERTAIN)
async def test_a_lost_or_broken_answer_is_unknown_and_asked_for_once(
    scene: Scene, call: tuple[Ask, str], fault: Fault
) -> None:
    ask, kind = call
    scene.server.faults.add(kind, fault, times=9)
    with pytest.raises(SubmissionUnknown) as raised:
        await ask(scene)
    assert len(scene.posts) == 1
    assert KEY not in raised.value.detail


async def test_a_quota_is_busy_with_the_provider_s_own_delay(
    scene: Scene, call: tuple[Ask, str]
) -> None:
    ask, kind = call
    scene.server.faults.add(kind, Fault.BUSY, times=9, retry_after_seconds=7.5)
    with pytest.raises(ProviderBusy) as raised:
        await ask(scene)
    assert raised.value.retry_after_seconds == 7.5
    assert len(scene.posts) == 1


async def test_a_quota_without_a_delay_is_busy_without_one(
    scene: Scene, call: tuple[Ask, str]
) -> None:
    ask, kind = call
    scene.server.faults.add(kind, Fault.BUSY, times=9)
    with pytest.raises(ProviderBusy) as raised:
        await ask(scene)
    assert raised.value.retry_after_seconds is None


@pytest.mark.parametrize("look", LOOKS)
async def test_who_looks_raises_what_happened_instead_of_an_opinion(
    scene: Scene, look: str
) -> None:
    scene.server.faults.add("google.text", Fault.BUSY)
    scene.server.faults.add("google.text", Fault.RESET_AFTER)
    with pytest.raises(ProviderBusy):
        await LOOKS[look](scene)
    with pytest.raises(SubmissionUnknown):
        await LOOKS[look](scene)
    assert len(scene.posts) == 2


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_needs_an_operator(
    scene: Scene, call: tuple[Ask, str], status: int
) -> None:
    ask, kind = call
    scene.server.faults.add(kind, Fault.DENIED, times=9, status=status)
    with pytest.raises(ProviderDenied) as raised:
        await ask(scene)
    assert KEY not in raised.value.detail
    assert len(scene.posts) == 1


async def test_a_model_that_is_gone_says_so(scene: Scene, call: tuple[Ask, str]) -> None:
    ask, kind = call
    scene.server.faults.add(kind, Fault.MODEL_GONE, times=9)
    with pytest.raises(ModelGone):
        await ask(scene)
    assert len(scene.posts) == 1


@pytest.mark.parametrize("name", ["plan", "draw"])
async def test_an_answer_that_never_comes_is_unknown(tmp_path: Path, name: str) -> None:
    ask, kind = CALLS[name]
    async with google_scene(tmp_path, timeout_seconds=0.2) as scene:
        scene.server.faults.add(kind, Fault.HANG_AFTER, times=9)
        with pytest.raises(SubmissionUnknown):
            await ask(scene)
        assert len(scene.posts) == 1


@pytest.mark.parametrize("name", ["plan", "compose"])
async def test_where_nobody_listens_nothing_was_sent(tmp_path: Path, name: str) -> None:
    ask, _ = CALLS[name]
    async with VendorServer() as server:
        address = server.url
    async with google_scene(tmp_path, base_url=address) as scene:
        with pytest.raises(ProviderError) as raised:
            await ask(scene)
    assert type(raised.value) is ProviderError


async def test_the_key_goes_in_the_header_and_the_model_s_id_in_the_path(scene: Scene) -> None:
    await draw(scene)
    seen = scene.posts[-1]
    assert "x-goog-api-key" in {name.lower() for name in seen.headers}
    assert seen.path == "/v1beta/models/gemini-3-pro-image:generateContent"


async def test_a_client_serves_call_after_call_until_it_is_closed(scene: Scene) -> None:
    for _ in range(3):
        await speak(scene)
    assert len(scene.server.books.billed("google.speech")) == 3


async def test_a_closed_client_sends_nothing(tmp_path: Path) -> None:
    async with google_scene(tmp_path) as scene:
        client = GoogleClient(DeveloperAccess(KEY), base_url=scene.server.url)
        await client.aclose()
        with pytest.raises(ProviderError):
            await google_providers(client).planners[GOOGLE].plan(plan_request(model=TEXT_MODEL))
        assert scene.posts == []
