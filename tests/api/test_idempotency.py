"""A retry with the same key: one render, however often and however close together."""

import asyncio
import json

import httpx2
import pytest

from tests.api.kit import BRIEF, ApiStack

HEADERS = {"Idempotency-Key": "brief-1"}


async def post(
    client: httpx2.AsyncClient, request: dict[str, object], *files: tuple[str, bytes]
) -> httpx2.Response:
    parts: list[tuple[str, tuple[str | None, str | bytes]]] = [
        ("request_json", (None, json.dumps(request))),
        *(("files", file) for file in files),
    ]
    return await client.post("/api/agent/renders", files=parts, headers=HEADERS)


async def test_the_same_request_gives_the_same_render(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        first, second = await post(client, BRIEF), await post(client, BRIEF)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["project_id"] == second.json()["project_id"]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert stack.available() == 1000 - first.json()["credits_reserved"]


async def test_spacing_order_and_waiting_do_not_make_a_request_another(stack: ApiStack) -> None:
    key = stack.open_account()
    retold = json.dumps(dict(reversed(BRIEF.items())), indent=2)
    async with stack.client(key) as client:
        first = await post(client, BRIEF)
        second = await client.post(
            "/api/agent/renders",
            content=retold.replace("{", '{"music_start_seconds": 0.0, ', 1),
            headers={**HEADERS, "Content-Type": "application/json"},
        )

    assert first.json()["project_id"] == second.json()["project_id"]


async def test_another_request_with_the_same_key_is_409(stack: ApiStack, png: bytes) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        await post(client, BRIEF)
        other_text = await post(client, {**BRIEF, "name": "Another"})
        other_file = await post(client, BRIEF, ("still.png", png))

    for answer in (other_text, other_file):
        assert answer.status_code == 409
        assert answer.json()["code"] == "idempotency_key_reused"
    assert stack.stored_files() == []


async def test_the_same_at_the_same_moment_makes_one_render(stack: ApiStack, png: bytes) -> None:
    key = stack.open_account(credits_=200)
    async with stack.client(key) as client:
        answers = await asyncio.gather(*(post(client, BRIEF, ("still.png", png)) for _ in range(3)))
        listed = (await client.get("/api/agent/renders")).json()

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["project_id"] for answer in answers}) == 1
    assert len(listed["items"]) == 1
    assert stack.available() == 200 - 118
    assert len(stack.stored_files()) == 1


async def test_a_replay_is_answered_while_temporal_is_away_and_the_limit_is_reached(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    stack.configure(active_renders_max=1)
    async with stack.client(key) as client:
        first = await post(client, BRIEF)
        stack.workflows.away = True
        second = await post(client, BRIEF)

    assert second.status_code == 201
    assert second.json()["project_id"] == first.json()["project_id"]


async def test_the_key_is_the_accounts_own(stack: ApiStack) -> None:
    one, two = stack.open_account("acct_one"), stack.open_account("acct_two")
    async with stack.client() as client:
        client.headers["X-FVS-Agent-Key"] = one
        first = await post(client, BRIEF)
        client.headers["X-FVS-Agent-Key"] = two
        second = await post(client, BRIEF)

    assert second.status_code == 201
    assert first.json()["project_id"] != second.json()["project_id"]


@pytest.mark.parametrize("value", ["", " ", "x" * 256, "with space"])
async def test_a_key_that_is_no_key_is_422(stack: ApiStack, value: str) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.post(
            "/api/agent/renders", json=BRIEF, headers={"Idempotency-Key": value}
        )

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_idempotency_key"
