"""Scopes, limits, caps and suspension over HTTP, and the test side of an account."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from studio.accounts.service import (
    KeyScope,
    KeyTerms,
    issue_key,
    resume_account,
    suspend_account,
)
from studio.ledger.filling import TEST_CREDITS
from studio.renders.repository import load_render
from studio.renders.tables import RenderRow
from tests.api.kit import BRIEF, PEPPER, START, ApiStack

RENDERS = "/api/agent/renders"
ESTIMATE = f"{RENDERS}/estimate"
PRICE = 118
ANYTHING = KeyTerms()


def only(*scopes: KeyScope) -> KeyTerms:
    return KeyTerms(scopes=frozenset(scopes))


def second_key(stack: ApiStack, terms: KeyTerms = ANYTHING, *, test: bool = False) -> str:
    with stack.database.transaction() as session:
        return issue_key(
            session,
            account_id="acct_one",
            name="second",
            environment="test" if test else "live",
            peppers=[PEPPER],
            now=stack.time.now(),
            terms=terms,
        ).secret


def suspend(stack: ApiStack) -> None:
    with stack.database.transaction() as session:
        suspend_account(session, account_id="acct_one", now=stack.time.now())


async def submitted(stack: ApiStack, key: str) -> str:
    async with stack.client(key) as client:
        answer = await client.post(RENDERS, json=BRIEF)
    assert answer.status_code == 201
    project_id: str = answer.json()["project_id"]
    return project_id


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", RENDERS, KeyScope.RENDERS_WRITE),
        ("POST", f"{RENDERS}/{{id}}/cancel", KeyScope.RENDERS_WRITE),
        ("GET", RENDERS, KeyScope.RENDERS_READ),
        ("GET", f"{RENDERS}/{{id}}", KeyScope.RENDERS_READ),
        ("GET", f"{RENDERS}/{{id}}/receipt", KeyScope.RENDERS_READ),
    ],
)
async def test_each_route_wants_its_scope_and_no_other(
    stack: ApiStack, method: str, path: str, scope: KeyScope
) -> None:
    project_id = await submitted(stack, stack.open_account())
    others = only(*(set(KeyScope) - {scope}))
    url = path.format(id=project_id)
    body = BRIEF if path == RENDERS and method == "POST" else None
    async with stack.client() as client:
        headers = {"X-FVS-Agent-Key": second_key(stack, others)}
        refused = await client.request(method, url, headers=headers, json=body)
        headers = {"X-FVS-Agent-Key": second_key(stack, only(scope))}
        taken = await client.request(method, url, headers=headers, json=body)

    assert (refused.status_code, refused.json()["code"]) == (403, "key_lacks_scope")
    assert scope.value in refused.json()["detail"]
    assert taken.is_success


async def test_a_key_without_its_scope_learns_nothing_of_what_there_is(stack: ApiStack) -> None:
    project_id = await submitted(stack, stack.open_account())
    async with stack.client(second_key(stack, only(KeyScope.WALLET_READ))) as client:
        same_id = {"X-Request-Id": "same"}
        there = await client.get(f"{RENDERS}/{project_id}", headers=same_id)
        not_there = await client.get(f"{RENDERS}/proj_api_0", headers=same_id)

    assert there.text == not_there.text


@pytest.mark.parametrize("scope", list(KeyScope))
async def test_an_estimate_tells_of_the_wallet_to_keys_that_may_read_it(
    stack: ApiStack, scope: KeyScope
) -> None:
    stack.open_account()
    async with stack.client(second_key(stack, only(scope))) as client:
        estimate = (await client.post(ESTIMATE, json=BRIEF)).json()

    available = 1000 if scope is KeyScope.WALLET_READ else None
    assert estimate["credits_available"] == available


async def test_a_suspended_account_looks_and_cancels_and_starts_nothing(stack: ApiStack) -> None:
    key = stack.open_account()
    project_id = await submitted(stack, key)
    before = stack.available()
    suspend(stack)
    async with stack.client(key) as client:
        refused = await client.post(RENDERS, json=BRIEF)
        read = [await client.get(path) for path in (RENDERS, f"{RENDERS}/{project_id}")]
        canceled = await client.post(f"{RENDERS}/{project_id}/cancel")
        with stack.database.transaction() as session:
            resume_account(session, account_id="acct_one")
        taken = await client.post(RENDERS, json=BRIEF)

    assert (refused.status_code, refused.json()["code"]) == (403, "account_suspended")
    assert [answer.status_code for answer in (*read, canceled, taken)] == [200, 200, 200, 201]
    assert before - stack.available() == PRICE


async def test_a_suspension_reaches_the_account_s_test_side(stack: ApiStack) -> None:
    key = stack.open_account(environment="test")
    suspend(stack)
    async with stack.client(key) as client:
        refused = await client.post(RENDERS, json=BRIEF)

    assert refused.json()["code"] == "account_suspended"


async def test_a_key_makes_as_many_requests_a_minute_as_it_may(stack: ApiStack) -> None:
    limited = stack.open_account(terms=KeyTerms(requests_per_minute_max=2))
    free = second_key(stack)
    async with stack.client() as client:

        async def ask(key: str) -> tuple[int, str | None]:
            answer = await client.get(RENDERS, headers={"X-FVS-Agent-Key": key})
            return answer.status_code, answer.headers.get("Retry-After")

        answers = [await ask(limited) for _ in range(3)]
        others = await ask(free)
        stack.time.elapsed_seconds += 29
        early = await ask(limited)
        stack.time.elapsed_seconds += 1
        later = await ask(limited)

    assert answers == [(200, None), (200, None), (429, "30")]
    assert (others, early, later) == ((200, None), (429, "1"), (200, None))


async def test_a_wrong_scope_counts_as_a_request(stack: ApiStack) -> None:
    terms = KeyTerms(scopes=frozenset({KeyScope.WALLET_READ}), requests_per_minute_max=1)
    async with stack.client(stack.open_account(terms=terms)) as client:
        codes = [(await client.get(RENDERS)).json()["code"] for _ in range(2)]

    assert codes == ["key_lacks_scope", "key_rate_limited"]


async def test_a_key_spends_up_to_its_cap_in_a_month(stack: ApiStack) -> None:
    key = stack.open_account(terms=KeyTerms(credits_per_month_max=2 * PRICE - 1))
    async with stack.client(key) as client:
        first = await client.post(RENDERS, json=BRIEF)
        second = await client.post(RENDERS, json=BRIEF)
        stack.time.elapsed_seconds = timedelta(days=30).total_seconds()
        next_month = await client.post(RENDERS, json=BRIEF)
    problem = second.json()

    assert (first.status_code, next_month.status_code) == (201, 201)
    assert (second.status_code, problem["code"]) == (402, "key_cap_reached")
    assert (problem["credits_required"], problem["credits_left"]) == (PRICE, PRICE - 1)
    assert stack.available() == 1000 - 2 * PRICE
    assert START.month == 11


async def test_submissions_at_once_do_not_get_past_a_cap(stack: ApiStack) -> None:
    key = stack.open_account(terms=KeyTerms(credits_per_month_max=PRICE))
    async with stack.client(key) as client:
        answers = await asyncio.gather(*(client.post(RENDERS, json=BRIEF) for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [201, 402, 402]


async def test_what_was_submitted_before_is_answered_past_the_cap(stack: ApiStack) -> None:
    key = stack.open_account(terms=KeyTerms(credits_per_month_max=PRICE))
    once = {"Idempotency-Key": "one"}
    async with stack.client(key) as client:
        first = await client.post(RENDERS, json=BRIEF, headers=once)
        again = await client.post(RENDERS, json=BRIEF, headers=once)

    assert again.json()["project_id"] == first.json()["project_id"]


async def test_a_render_remembers_its_key(stack: ApiStack) -> None:
    project_id = await submitted(stack, stack.open_account())
    with stack.database.reading() as session:
        (info,) = stack.issued_keys()
        assert load_render(session, project_id).key_id == info.key_id


async def test_the_test_side_of_an_account_is_apart_from_it(stack: ApiStack) -> None:
    live = stack.open_account(credits_=0)
    test = second_key(stack, test=True)
    made = await submitted(stack, test)
    async with stack.client(live) as client:
        unknown = await client.get(f"{RENDERS}/{made}")
        listed = (await client.get(RENDERS)).json()["items"]
        poor = await client.post(RENDERS, json=BRIEF)

    assert (unknown.status_code, listed, poor.status_code) == (404, [], 402)
    assert stack.available() == 0
    assert stack.available("acct_one~test") == TEST_CREDITS - PRICE
    with stack.database.reading() as session:
        assert session.scalars(select(RenderRow.account_id)).all() == ["acct_one~test"]


async def test_a_test_key_takes_the_account_s_defaults(stack: ApiStack) -> None:
    stack.open_account()
    stack.save_defaults(video_model="kling-v3-pro-image-to-video")
    async with stack.client(second_key(stack, test=True)) as client:
        estimate = (await client.post(ESTIMATE, json=BRIEF)).json()
        render = (await client.post(RENDERS, json=BRIEF)).json()

    assert estimate["credits_available"] == TEST_CREDITS
    assert render["models"]["video"]["requested"] == "kling-v3-pro-image-to-video"


async def test_a_test_key_is_served_by_local_models_whatever_is_configured(
    stack: ApiStack,
) -> None:
    pricing = stack.dependencies.pricing
    settings = frozenset({"FVS_GOOGLE_API_KEY", "FVS_FAL_KEY"})
    adapters = frozenset({"local", "google", "fal"})
    real = replace(pricing, configured=settings, adapters=adapters, unconfigured="refuse")
    stack.configure(pricing=real)
    key = stack.open_account(environment="test")
    stack.save_defaults(video_model="kling-v3-pro-image-to-video")
    used = []
    for each in (key, second_key(stack)):
        async with stack.client(each) as client:
            render = (await client.post(RENDERS, json=BRIEF)).json()
        used.append({model["used"].startswith("local-") for model in render["models"].values()})

    assert used == [{True}, {False}]
