"""Keys as the settings panel makes them, at work in the API."""

from dataclasses import replace

import httpx2
import pytest

from studio.contracts.names import test_side_of as side_of_tests
from studio.ledger.filling import TEST_CREDITS
from tests.api.kit import BRIEF, FILM, KEY_HEADER, ApiStack
from tests.console.key_kit import RENDERS, create, secret_of
from tests.console.kit import Browser, account_of, member_of
from tests.kit.wallets import give_credits

PRICE = 118
CREDITS = 1000


async def call(browser: Browser, key: str, method: str, path: str) -> httpx2.Response:
    """With a key, whoever else is signed in."""
    body = BRIEF if path == RENDERS and method == "POST" else None
    return await browser.http.request(method, path, json=body, headers={KEY_HEADER: key})


async def submitted(browser: Browser, key: str) -> str:
    answer = await call(browser, key, "POST", RENDERS)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["project_id"])


def have_real_models(stack: ApiStack) -> None:
    pricing = stack.dependencies.pricing
    settings = frozenset({"FVS_GOOGLE_API_KEY", "FVS_FAL_KEY"})
    adapters = frozenset({"local", "google", "fal"})
    real = replace(pricing, configured=settings, adapters=adapters, unconfigured="refuse")
    stack.configure(pricing=real)


def enrich(stack: ApiStack) -> str:
    """Have the only account have credits; its id."""
    account_id = account_of(stack).account_id
    give_credits(stack.database, account_id, now=stack.time.now(), credits_=CREDITS)
    return account_id


@pytest.mark.requirement("AUTH-1")
async def test_a_key_made_in_the_settings_panel_makes_a_film(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        account_id = enrich(stack)
        key = secret_of(await create(browser))
        project_id = await submitted(browser, key)
        stack.finish(project_id)
        polled = await call(browser, key, "GET", f"{RENDERS}/{project_id}")
        film = await browser.http.get(polled.json()["final_video_url"])
        listed = (await browser.open("/renders")).text
    assert film.content == FILM
    assert f"/renders/{project_id}" in listed
    assert stack.available(account_id) == CREDITS - PRICE


async def test_a_test_key_runs_the_whole_product_on_local_models(stack: ApiStack) -> None:
    have_real_models(stack)
    async with member_of(stack) as browser:
        account_id = enrich(stack)
        test_key = secret_of(await create(browser, environment="test"))
        project_id, again = [await submitted(browser, test_key) for _ in range(2)]
        charged = stack.settle(project_id, "project", "planning")
        stack.finish(project_id)
        render = (await call(browser, test_key, "GET", f"{RENDERS}/{project_id}")).json()
        film = await browser.http.get(render["final_video_url"])

    used = {model["used"] for model in render["models"].values()}
    assert all(model.startswith("local-") for model in used)
    assert all(any(model in warning for warning in render["warnings"]) for model in used)
    assert film.content == FILM
    assert charged > 0
    assert stack.available(side_of_tests(account_id)) == TEST_CREDITS - 2 * PRICE
    assert stack.available(account_id) == CREDITS
    first, second = (stack.workflows.started[one] for one in (project_id, again))
    assert first.plan.charges.digest == second.plan.charges.digest
    assert first == second.model_copy(update={"project_id": project_id})


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/{}"), ("GET", "/{}/receipt"), ("POST", "/{}/cancel")]
)
async def test_neither_key_knows_what_the_other_made(
    stack: ApiStack, method: str, path: str
) -> None:
    async with member_of(stack) as browser:
        account_id = enrich(stack)
        keys = [secret_of(await create(browser, environment=side)) for side in ("live", "test")]
        made = [await submitted(browser, key) for key in keys]

        async def asked(projects: list[str]) -> list[httpx2.Response]:
            paths = [RENDERS + path.format(project_id) for project_id in projects]
            return [await call(browser, keys[at], method, paths[at]) for at in range(2)]

        own, others = await asked(made), await asked(made[::-1])
        listed = [(await call(browser, key, "GET", RENDERS)).json()["items"] for key in keys]

    assert [answer.status_code for answer in own] == [200, 200]
    assert [(answer.status_code, answer.json()["code"]) for answer in others] == [
        (404, "unknown_render")
    ] * 2
    assert [[item["project_id"] for item in items] for items in listed] == [[made[0]], [made[1]]]
    assert stack.available(account_id) == CREDITS - PRICE
