"""What the local server's faults do on the wire and in the books."""

import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import httpx2
import pytest

from tests.kit.vendors.clients import fal_http_sync, plain_http
from tests.kit.vendors.documents import Json
from tests.kit.vendors.faults import CALLS, EVERYWHERE, Fault, Faults
from tests.kit.vendors.server import VendorServer
from tests.kit.vendors.transport import (
    AsyncHttpx2Rewrite,
    AsyncHttpxRewrite,
    Httpx2Rewrite,
    HttpxRewrite,
    UnknownVendorHost,
)
from tests.kit.vendors.works import TextAsk

VEO = "/v1beta1/projects/p/locations/l/publishers/google/models/veo-3.1-fast-generate-001"
MODEL = "/v1beta/models/gemini-3.5-flash:generateContent"
CONTENTS = [{"role": "user", "parts": [{"text": "hello"}]}]
KLING_ORDER: Json = {"contents": [{"type": "first_frame", "url": "https://studio.example/key.png"}]}
PAID: dict[str, tuple[str, Json]] = {
    "google.text": (MODEL, {"contents": CONTENTS}),
    "google.image": (
        MODEL,
        {"contents": CONTENTS, "generationConfig": {"responseModalities": ["IMAGE"]}},
    ),
    "google.speech": (
        MODEL,
        {"contents": CONTENTS, "generationConfig": {"responseModalities": ["AUDIO"]}},
    ),
    "veo.submit": (f"{VEO}:predictLongRunning", {"instances": [{"prompt": "x"}]}),
    "interactions.create": (
        "/v1beta/interactions",
        {"model": "gemini-omni-1.2-flash", "input": "x", "background": True},
    ),
    "fal.submit": ("/host/queue.fal.run/fal-ai/kling-video/v3", {"prompt": "x"}),
    "kling.submit": ("/host/api-singapore.klingai.com/image-to-video/kling-3.0", KLING_ORDER),
}
BOOKED = {
    Fault.UNAVAILABLE_AFTER,
    Fault.RESET_AFTER,
    Fault.CLOSED_AFTER,
    Fault.HANG_AFTER,
    Fault.CUT_REPLY,
    Fault.MALFORMED_REPLY,
}
GIVE_UP_SECONDS = 0.05
"""How long the caller waits where it is never answered: all of it is spent waiting."""


PATIENCE_SECONDS = 60


@pytest.fixture
def vendors() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture
def http(vendors: VendorServer) -> Iterator[httpx2.Client]:
    with plain_http(vendors.url) as client:
        yield client


def _call(http: httpx2.Client, call: str, *, gives_up: bool = False) -> httpx2.Response:
    path, order = PAID[call]
    return http.post(path, json=order, timeout=GIVE_UP_SECONDS if gives_up else PATIENCE_SECONDS)


@pytest.mark.parametrize("fault", sorted(EVERYWHERE))
@pytest.mark.parametrize("call", PAID)
def test_what_is_accepted_is_booked_once_and_nothing_else_is(
    call: str, fault: Fault, vendors: VendorServer, http: httpx2.Client
) -> None:
    vendors.faults.add(call, fault)
    hangs = fault in {Fault.HANG_BEFORE, Fault.HANG_AFTER}
    try:
        answer = _call(http, call, gives_up=hangs)
        answer.raise_for_status().json()
    except (httpx2.HTTPError, json.JSONDecodeError):
        pass
    else:
        pytest.fail(f"the caller did not notice {fault}")
    jobs = vendors.books.jobs()
    assert [job.call for job in jobs] == ([call] if fault in BOOKED else [])
    assert not any(job.delivered for job in jobs)
    assert vendors.books.billed() == jobs
    assert [seen.fault for seen in vendors.books.submits()] == [fault]
    assert _call(http, call).status_code == 200


def _closed_how(url: str, body: bytes) -> str:
    """How a connection ends after a whole request: `reset` by the peer, or in good order."""
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    head = (
        f"POST {MODEL} HTTP/1.1\r\nHost: x\r\nx-goog-api-key: k\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port)) as caller:
        caller.sendall(head.encode() + body)
        try:
            return "answered" if caller.recv(1) else "closed"
        except ConnectionResetError:
            return "reset"


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        (Fault.RESET_AFTER, "reset"),
        (Fault.RESET_BEFORE, "reset"),
        (Fault.CLOSED_AFTER, "closed"),
        (Fault.CLOSED_BEFORE, "closed"),
    ],
)
def test_a_reset_is_a_reset_and_a_close_is_a_close(
    fault: Fault, end: str, vendors: VendorServer
) -> None:
    vendors.faults.add("google.text", fault)
    body = json.dumps({"contents": CONTENTS, "filler": "x" * 200_000}).encode()
    assert _closed_how(vendors.url, body) == end
    assert vendors.books.requests[0].size_bytes == len(body)


def test_a_server_with_a_hanging_caller_stops() -> None:
    reached = threading.Event()
    ended: list[str] = []
    body = json.dumps({"contents": CONTENTS}).encode()

    def tell(_ask: TextAsk) -> object:
        reached.set()
        return None

    with VendorServer() as server:
        server.responder = tell
        server.faults.add("google.text", Fault.HANG_AFTER)
        caller = threading.Thread(target=lambda: ended.append(_closed_how(server.url, body)))
        caller.start()
        assert reached.wait(PATIENCE_SECONDS)
    caller.join()
    assert ended in (["closed"], ["reset"])


def test_faults_come_in_their_order_after_the_calls_that_are_spared(
    vendors: VendorServer, http: httpx2.Client
) -> None:
    vendors.faults.add("google.text", Fault.BUSY, times=2, skip=1)
    vendors.faults.add("google.text", Fault.UNAVAILABLE_BEFORE, status=500, skip=3)
    codes = [_call(http, "google.text").status_code for _ in range(5)]
    assert codes == [200, 429, 429, 500, 200]


def test_a_fault_can_wait_for_words_in_the_request(
    vendors: VendorServer, http: httpx2.Client
) -> None:
    vendors.faults.add("google.text", Fault.PROMPT_REFUSED, times=9, matching="blood")
    refused = []
    for text in ("calm", "blood", "calm", "blood"):
        order = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
        refused.append("promptFeedback" in http.post(MODEL, json=order).json())
    assert refused == [False, True, False, True]


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("google.smell", Fault.BUSY),
        ("fal.list", Fault.OUTPUT_REFUSED),
        ("kling.download", Fault.CANCEL_REFUSED),
        ("google.text", "boredom"),
    ],
)
def test_a_fault_that_cannot_happen_is_refused(call: str, fault: str) -> None:
    with pytest.raises(ValueError, match=r"no call|cannot happen|valid Fault"):
        Faults().add(call, fault)


def test_the_same_seed_gives_each_call_the_same_fate_whatever_the_others_do() -> None:
    rates: dict[str, dict[str, float]] = {
        "fal.submit": {Fault.BUSY: 0.2, Fault.RESET_AFTER: 0.3},
        "fal.status": {Fault.UNAVAILABLE_BEFORE: 0.5},
    }

    def fates(seed: int, *, with_others: bool) -> list[Fault | None]:
        faults = Faults()
        faults.plan(seed, rates)
        drawn = []
        for _ in range(200):
            injection = faults.take("fal.submit", b"")
            drawn.append(injection.fault if injection else None)
            if with_others:
                faults.take("fal.status", b"")
        return drawn

    first = fates(7, with_others=False)
    assert first == fates(7, with_others=True)
    assert first != fates(8, with_others=False)
    assert set(first) == {None, Fault.BUSY, Fault.RESET_AFTER}


def test_every_call_has_its_faults() -> None:
    assert set(PAID) <= set(CALLS)
    possible = EVERYWHERE.union(*CALLS.values())
    assert possible == set(Fault)


def test_work_that_takes_real_time_runs_until_it_is_over(vendors: VendorServer) -> None:
    vendors.latencies.seconds["video"] = 3600
    with fal_http_sync(vendors.url) as fal:
        accepted = fal.post("https://queue.fal.run/fal-ai/kling-video/v3", json={}).json()
        statuses = {fal.get(accepted["status_url"]).json()["status"] for _ in range(5)}
    assert statuses == {"IN_PROGRESS"}


def test_the_books_keep_no_key_and_no_media(vendors: VendorServer, http: httpx2.Client) -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "QUJD" * 10_000}}
    order = {"contents": [{"role": "user", "parts": [picture]}]}
    http.post(MODEL, json=order, headers={"x-goog-api-key": "secret-key"})
    written = json.dumps(vendors.books.as_json())
    assert "secret-key" not in written
    assert "QUJDQUJD" not in written
    assert "sha256:" in written


ELSEWHERE = "https://queue.falrun.com/fal-ai/kling-video/requests/x/status"


def test_transports_reach_no_host_but_the_providers(vendors: VendorServer) -> None:
    with (
        httpx.Client(transport=HttpxRewrite(vendors.url)) as client,
        pytest.raises(UnknownVendorHost),
    ):
        client.get(ELSEWHERE)
    with (
        httpx2.Client(transport=Httpx2Rewrite(vendors.url)) as client2,
        pytest.raises(UnknownVendorHost),
    ):
        client2.get(ELSEWHERE)
    assert vendors.books.requests == []


async def test_neither_do_the_asynchronous_ones(vendors: VendorServer) -> None:
    async with httpx.AsyncClient(transport=AsyncHttpxRewrite(vendors.url)) as client:
        with pytest.raises(UnknownVendorHost):
            await client.get(ELSEWHERE)
    async with httpx2.AsyncClient(transport=AsyncHttpx2Rewrite(vendors.url)) as client2:
        with pytest.raises(UnknownVendorHost):
            await client2.get(ELSEWHERE)
    assert vendors.books.requests == []


async def test_they_reach_the_providers(vendors: VendorServer) -> None:
    headers = {"Authorization": "Key a:b"}
    status = "https://queue.fal.run/fal-ai/kling-video/requests/x/status"
    tasks = "https://api-singapore.klingai.com/tasks"
    async with httpx.AsyncClient(transport=AsyncHttpxRewrite(vendors.url)) as client:
        assert (await client.get(status, headers=headers)).status_code == 404
    async with httpx2.AsyncClient(transport=AsyncHttpx2Rewrite(vendors.url)) as client2:
        assert (await client2.post(tasks, json={}, headers=headers)).json()["code"] == 0
    assert [seen.host for seen in vendors.books.requests] == [
        "queue.fal.run",
        "api-singapore.klingai.com",
    ]
