"""Keys: where they are read from, and what a wrong one learns."""

import pytest

from tests.api.kit import BRIEF, KEY_HEADER, ApiStack

RENDERS = "/api/agent/renders"
MADE_UP = "fvs_live_" + "a" * 38


@pytest.mark.requirement("AUTH-2", "AUTH-3")
@pytest.mark.parametrize("header", [KEY_HEADER, "Authorization", "X-API-Key", "X-Agent-Api-Key"])
async def test_a_key_is_taken_from_each_of_the_four_headers(stack: ApiStack, header: str) -> None:
    key = stack.open_account()
    value = f"Bearer {key}" if header == "Authorization" else key
    async with stack.client() as client:
        answer = await client.get(RENDERS, headers={header: value})

    assert answer.status_code == 200


@pytest.mark.requirement("AUTH-2")
async def test_missing_malformed_unknown_and_revoked_keys_get_the_same_401(
    stack: ApiStack,
) -> None:
    revoked = stack.open_account()
    stack.revoke_keys()
    answers = []
    async with stack.client() as client:
        for headers in (
            {},
            {KEY_HEADER: ""},
            {KEY_HEADER: "not a key"},
            {KEY_HEADER: MADE_UP},
            {KEY_HEADER: revoked},
            {KEY_HEADER: "x" * 5000},
            {"Authorization": "Basic dXNlcjpwYXNz"},
        ):
            headers["X-Request-Id"] = "same"
            answers.append(await client.get(f"{RENDERS}/proj_api_0", headers=headers))

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert all(answer.headers["WWW-Authenticate"].startswith("Bearer") for answer in answers)


async def test_a_revoked_key_stops_at_once(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        before = await client.get(RENDERS)
        stack.revoke_keys()
        after = await client.get(RENDERS)

    assert (before.status_code, after.status_code) == (200, 401)


@pytest.mark.requirement("AUTH-2")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", RENDERS),
        ("GET", RENDERS),
        ("GET", f"{RENDERS}/proj_api_0"),
        ("POST", f"{RENDERS}/proj_api_0/cancel"),
    ],
)
async def test_every_account_route_wants_a_key(stack: ApiStack, method: str, path: str) -> None:
    async with stack.client() as client:
        answer = await client.request(method, path)

    assert answer.status_code == 401


@pytest.mark.requirement("AUTH-5")
@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("POST", "/cancel")])
async def test_another_accounts_render_looks_exactly_like_an_unknown_one(
    stack: ApiStack, method: str, suffix: str
) -> None:
    owner, stranger = stack.open_account("acct_one"), stack.open_account("acct_two")
    async with stack.client(owner) as client:
        made = (await client.post(RENDERS, json=BRIEF)).json()["project_id"]
    unknown = made[:-1] + "f"
    same_id = {"X-Request-Id": "same"}
    async with stack.client(stranger) as client:
        theirs = await client.request(method, f"{RENDERS}/{made}{suffix}", headers=same_id)
        nobodys = await client.request(method, f"{RENDERS}/{unknown}{suffix}", headers=same_id)
        listed = (await client.get(RENDERS)).json()

    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.text.replace(made, "ID") == nobodys.text.replace(unknown, "ID")
    assert listed["items"] == []
    assert stack.workflows.canceled == {}


async def test_the_last_use_of_a_key_is_noted(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        await client.get(RENDERS)

    assert [info.last_used_at for info in stack.issued_keys()] == [stack.time.now()]
