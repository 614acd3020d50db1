"""How the client reaches Google: which host, which key, which transport, how much it reads."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import RefreshError
from google.genai import _api_client

from studio.providers.errors import ProviderDenied, ProviderError, SubmissionUnknown
from studio.providers.google.client import DeveloperAccess, EnterpriseAccess, GoogleClient
from studio.providers.google.factory import GOOGLE, google_providers
from studio.providers.google.transport import BoundedTransport
from tests.google_scenes import KEY, Scene, compose, draw, google_scene, plan_request, speak

Ask = Callable[[Scene], Awaitable[object]]

TOKEN = "token-of-a-service-account"


class ServiceAccount(Credentials):
    """Credentials that sign in without a network, or are refused."""

    def __init__(self, *, refused: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # google.auth has no types here
        self.refreshes = 0
        self._refused = refused

    def refresh(self, request: object) -> None:
        del request
        self.refreshes += 1
        if self._refused:
            raise RefreshError(f"invalid_grant {TOKEN}")  # type: ignore[no-untyped-call] # as above
        self.token = TOKEN


@asynccontextmanager
async def raw_server(reply: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answers the first request with these bytes, later ones with 500; keeps the request lines."""
    lines: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readline())
        length = 0
        while header := (await reader.readline()).strip().lower():
            if header.startswith(b"content-length:"):
                length = int(header.partition(b":")[2])
        await reader.readexactly(length)
        writer.write(
            reply if len(lines) == 1 else b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"http://127.0.0.1:{port}", lines


async def test_enterprise_calls_name_project_location_and_a_fresh_token(tmp_path: Path) -> None:
    account = ServiceAccount()
    access = EnterpriseAccess("studio", "us-central1", account)
    async with google_scene(tmp_path, access=access) as scene:
        await compose(scene)
        await draw(scene)
        paths = [seen.path for seen in scene.posts]
        place = "/v1beta1/projects/studio/locations/us-central1"
        assert paths == [
            f"{place}/interactions",
            f"{place}/publishers/google/models/gemini-3-pro-image:generateContent",
        ]
        for seen in scene.posts:
            assert "authorization" in seen.headers
            assert "x-goog-api-key" not in seen.headers
    assert account.refreshes == 1


async def test_a_refused_sign_in_sends_nothing_and_tells_no_secret(tmp_path: Path) -> None:
    access = EnterpriseAccess("studio", "global", ServiceAccount(refused=True))
    async with google_scene(tmp_path, access=access) as scene:
        for ask in (compose, draw):
            with pytest.raises(ProviderDenied) as raised:
                await ask(scene)
            assert TOKEN not in raised.value.detail
        assert scene.posts == []


async def test_another_package_s_aiohttp_does_not_change_the_transport(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # google-genai takes aiohttp as soon as it can be imported, and repeats calls on it.
    monkeypatch.setattr(_api_client, "has_aiohttp", True)
    async with google_scene(tmp_path) as scene:
        await draw(scene)
        assert len(scene.posts) == 1


async def test_addresses_and_keys_in_the_environment_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOOGLE_GEMINI_BASE_URL", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("GOOGLE_API_KEY", "another")
    monkeypatch.setenv("GOOGLE_GENAI_USE_ENTERPRISE", "true")
    client = GoogleClient(DeveloperAccess(KEY))
    address = client.sdk.vertexai, client.sdk._api_client._http_options.base_url
    await client.aclose()
    assert address == (False, "https://generativelanguage.googleapis.com")
    async with google_scene(tmp_path) as scene:
        await draw(scene)
        assert len(scene.posts) == 1


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    head = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(head) as (url, lines):
        client = GoogleClient(DeveloperAccess(KEY), base_url=url)
        with pytest.raises(ProviderError):
            await google_providers(client).planners[GOOGLE].plan(plan_request())
        await client.aclose()
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (
            speak,
            {"candidates": [{"finishReason": "CONTINUATION", "continuationToken": "bW9yZQ=="}]},
        ),
        (
            compose,
            {"id": "v1_1", "status": "requires_continuation", "continuation_token": "bW9yZQ=="},
        ),
    ],
)
async def test_an_answer_that_could_go_on_is_not_continued(
    tmp_path: Path, ask: Ask, answer: dict[str, object]
) -> None:
    body = json.dumps(answer).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    async with raw_server(f"{head}\r\n\r\n".encode() + body) as (url, lines):
        async with google_scene(tmp_path, base_url=url) as scene:
            with pytest.raises(SubmissionUnknown):
                await ask(scene)
        assert len(lines) == 1


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    async with (
        raw_server(reply) as (url, _),
        httpx2.AsyncClient(transport=BoundedTransport(response_bytes_max=50_000)) as client,
    ):
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(url)
