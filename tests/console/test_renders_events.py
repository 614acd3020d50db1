"""A render's page kept up to date by events, as they are on the wire."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Final

import httpx2
import pytest

from gateway.services.watching import LOOK_SECONDS, WATCHES_PER_ACCOUNT_MAX
from studio.contracts.status import RenderSnapshot, RenderState, Stage
from studio.identity.service import end_session
from tests.api.kit import ApiStack
from tests.api.serving import serving
from tests.console.beat import Beat
from tests.console.kit import Browser, sign_up
from tests.console.render_kit import (
    SCRIPT,
    Maker,
    film_shot,
    give_credits,
    maker_of,
    start_render,
)

GIVEN_BACK_SECONDS_MAX: Final = 30


@dataclass(frozen=True)
class Event:
    """One message of a stream; a comment has no name."""

    name: str
    id: str
    data: str

    @property
    def parts(self) -> set[str]:
        """The parts of the page that it brings."""
        return set(re.findall(r'id="([^"]+)"[^>]* hx-swap-oob="true"', self.data))


def events_of(text: str) -> list[Event]:
    """As a browser reads them: a line ends with CR, LF or both."""
    blocks = re.sub(r"\r\n|\r", "\n", text).split("\n\n")[:-1]
    return [event for block in blocks for event in _event(block)]


def _event(block: str) -> Iterator[Event]:
    fields: dict[str, list[str]] = {}
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name, []).append(value.removeprefix(" "))
    if "retry" not in fields:
        yield Event(
            fields.get("event", [""])[0],
            fields.get("id", [""])[0],
            "\n".join(fields.get("data", [])),
        )


def at_each_look(stack: ApiStack, *steps: Callable[[], object]) -> None:
    """Do one thing between each look at a render and the next."""
    left = list(steps)

    def step() -> None:
        if left:
            left.pop(0)()

    stack.time.on_pause = step


async def watch(maker: Maker, project_id: str, *, seen: bytes | None = None) -> list[Event]:
    """All events from now until the stream ends, for a page that shows the first revision."""
    answer = await maker.browser.http.get(
        f"/renders/{project_id}/events",
        params={"revision": 0},
        headers=[] if seen is None else [(b"Last-Event-ID", seen)],
    )
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    return events_of(answer.text)


async def test_each_revision_is_an_event_with_the_parts_that_changed(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        at_each_look(
            stack,
            lambda: film_shot(stack, project_id),
            lambda: stack.record(project_id, warnings=("A stand-in does the work.",)),
            lambda: stack.finish(project_id),
        )
        events = await watch(maker, project_id)
    assert [(event.name, event.id) for event in events] == [
        ("render", "1"),
        ("render", "2"),
        ("render", "3"),
        ("closed", ""),
    ]
    assert events[0].parts == {"standing", "frame-1", "shot-1"}
    assert events[1].parts == {"notes"}
    assert {"standing", "film", "actions"} <= events[2].parts


async def test_what_is_read_out_is_put_into_a_place_that_stays(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        at_each_look(stack, lambda: stack.finish(project_id))
        (event, _) = await watch(maker, project_id)
    assert 'hx-swap-oob="innerHTML:#spoken">Completed. The film is ready.' in event.data


async def test_thumbnails_come_as_they_land_and_can_be_loaded(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        stack.storage.put_bytes("shot.jpg", b"a picture", content_type="image/jpeg")
        at_each_look(
            stack,
            lambda: film_shot(stack, project_id, thumbnail_key="shot.jpg"),
            lambda: stack.finish(project_id),
        )
        events = await watch(maker, project_id)
        address = events[0].data.split('<img src="')[1].split('"')[0].replace("&amp;", "&")
        picture = await maker.browser.open(address)
    assert picture.content == b"a picture"


async def test_the_run_itself_is_asked_and_never_more_than_once_a_look(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        stack.workflows.answers[project_id] = RenderSnapshot(
            revision=7, status=RenderState.RUNNING, stage=Stage.PLANNING
        )
        at_each_look(stack, int, int, lambda: stack.finish(project_id))
        watches = [watch(maker, project_id) for _ in range(4)]
        seen = await asyncio.gather(*watches)
    assert all([event.id for event in events] == ["7", "8", ""] for events in seen)
    # Each watcher's own question, which finds out whose render it is, and one for all a look.
    assert len(stack.workflows.queries) <= len(watches) + 4
    assert stack.time.elapsed_seconds == 3 * LOOK_SECONDS


async def test_who_comes_back_is_told_what_they_have_missed_and_no_more(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        film_shot(stack, project_id)
        at_each_look(stack, lambda: stack.finish(project_id))
        same = await watch(maker, project_id, seen=b"1")
        late = await watch(maker, project_id, seen=b"1")
    assert [event.id for event in same] == ["2", ""]
    assert "shot-1" not in same[0].parts
    assert [event.id for event in late] == ["2", ""]
    assert "shot-1" in late[0].parts


@pytest.mark.parametrize("given", [b"-1", b"x", "²".encode(), b"9" * 30, b""])
async def test_an_id_that_is_no_revision_is_no_reason_to_miss_anything(
    stack: ApiStack, given: bytes
) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        stack.finish(project_id)
        events = await watch(maker, project_id, seen=given)
    assert [event.name for event in events] == ["render", "closed"]


async def test_a_silent_stream_is_kept_alive(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        at_each_look(stack, *[int] * 40, lambda: stack.finish(project_id))
        events = await watch(maker, project_id)
    assert [event.name for event in events] == ["", "", "render", "closed"]


async def test_no_text_can_end_an_event_or_begin_another(stack: ApiStack) -> None:
    attack = f"one\n\nevent: closed\ndata: two\r\revent: closed\r\n\r\n{SCRIPT}"
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        at_each_look(
            stack,
            lambda: film_shot(stack, project_id, error=attack),
            lambda: stack.record(project_id, status=RenderState.FAILED, last_error=attack),
        )
        events = await watch(maker, project_id)
    assert [event.name for event in events] == ["render", "render", "closed"]
    assert not any("<script>" in event.data for event in events)


async def test_signing_out_ends_the_stream(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        token = maker.browser.http.cookies["fvs_session"]

        def sign_out() -> None:
            with stack.database.transaction() as session:
                end_session(session, token=token)

        def tell() -> None:
            stack.record(project_id, status=RenderState.RUNNING, stage=Stage.PLANNING)

        at_each_look(stack, sign_out, *[int] * 10, tell)
        events = await watch(maker, project_id)
    assert [event.name for event in events] == ["closed"]


async def test_a_process_that_stops_ends_its_streams_so_that_browsers_come_back(
    stack: ApiStack,
) -> None:
    stopped: list[bool] = []
    stack.configure(stopping=lambda: bool(stopped))
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        at_each_look(stack, lambda: film_shot(stack, project_id), lambda: stopped.append(True))
        events = await watch(maker, project_id)
    assert [event.name for event in events] == ["render"]


async def test_a_database_that_fails_ends_the_stream_and_not_the_process(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        at_each_look(stack, stack.break_database)
        events = await watch(maker, project_id)
        assert events == []
        assert (await maker.browser.open("/sign-in")).status_code in {200, 303, 503}


async def test_a_render_that_has_ended_already_is_told_once(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        stack.finish(project_id)
        events = await watch(maker, project_id, seen=b"1")
    assert [event.name for event in events] == ["closed"]


async def test_an_account_watches_so_many_renders_and_gets_room_back(stack: ApiStack) -> None:
    looked, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def pause(_seconds: float) -> None:
        looked.release()
        await go_on.wait()

    stack.configure(clock=replace(stack.dependencies.clock, pause=pause), active_renders_max=100)
    async with maker_of(stack) as maker:
        watched = [await maker.start() for _ in range(WATCHES_PER_ACCOUNT_MAX)]
        tasks = [asyncio.create_task(watch(maker, project_id)) for project_id in watched]
        for _ in watched:
            await looked.acquire()
        refused = await maker.browser.open(f"/renders/{watched[0]}/events")
        async with maker_of(stack, "other@example.com") as other:
            theirs = await other.start()
            stack.finish(theirs)
            others = await watch(other, theirs)
        for project_id in watched:
            stack.finish(project_id)
        go_on.set()
        ended = await asyncio.gather(*tasks)
        again = await watch(maker, watched[0])
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    assert [event.name for event in others] == ["render", "closed"]
    assert all([event.name for event in events] == ["render", "closed"] for events in ended)
    assert [event.name for event in again] == ["render", "closed"]


async def test_who_leaves_gives_their_place_back(stack: ApiStack) -> None:
    beat = Beat()
    stack.configure(clock=replace(stack.dependencies.clock, pause=beat.pause))
    await sign_up(stack)
    project_id = await start_render(stack, give_credits(stack, 1_000), name="A", screenplay="B")
    path = f"/renders/{project_id}/events"
    async with (
        serving(stack) as server,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http,
    ):
        await Browser(http).sign_in()
        async with AsyncExitStack() as streams:
            for _ in range(WATCHES_PER_ACCOUNT_MAX):
                stream = await streams.enter_async_context(http.stream("GET", path))
                assert stream.status_code == 200
            assert (await http.get(path)).status_code == 429
        async with asyncio.timeout(GIVEN_BACK_SECONDS_MAX):
            while await _status(http, path) == 429:
                """The server has still to hear of it."""
        stack.finish(project_id)
        beat.go_on()


async def _status(http: httpx2.AsyncClient, path: str) -> int:
    async with http.stream("GET", path) as answer:
        return answer.status_code
