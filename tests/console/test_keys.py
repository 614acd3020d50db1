from datetime import UTC, datetime

import pytest

from studio.accounts.service import KeyScope, suspend_account
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.console.key_kit import KEYS, RENDERS, SECRET, create, issue_all_keys, keys_of, secret_of
from tests.console.kit import Browser, account_of, browser_of, member_of
from tests.console.page_forms import form_of, send_form
from tests.kit.logs import logged
from tests.kit.wallets import give_credits


async def status_with(browser: Browser, secret: str) -> int:
    answer = await browser.http.get(RENDERS, headers={KEY_HEADER: secret})
    return answer.status_code


async def test_a_key_is_shown_once_and_works(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        answer = await create(browser)
        secret = secret_of(answer)
        assert await status_with(browser, secret) == 200
        listed = await browser.open(KEYS)
    assert answer.status_code == 200
    assert "location" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert SECRET.search(listed.text) is None
    assert f"fvs_live_…{secret[-4:]}" in listed.text


async def test_a_key_is_made_to_the_terms_that_were_asked_for(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        answer = await create(
            browser,
            environment="test",
            scope_renders_write=None,
            scope_wallet_read=None,
            expires_on="2026-11-30",
            requests_per_minute_max="30",
            credits_per_month_max="2500",
        )
        listed = (await browser.open(KEYS)).text
    (key,) = keys_of(stack)
    assert secret_of(answer).startswith("fvs_test_")
    assert key.terms.scopes == {KeyScope.RENDERS_READ}
    assert key.terms.expires_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert (key.terms.requests_per_minute_max, key.terms.credits_per_month_max) == (30, 2500)
    assert "0 of 2,500 credits" in listed
    assert ">renders:read</dd>" in listed


async def test_a_capped_key_says_what_it_spent_this_month(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        secret = secret_of(await create(browser, credits_per_month_max="1000"))
        give_credits(stack.database, account_of(stack).account_id, now=stack.time.now())
        submitted = await browser.http.post(RENDERS, json=BRIEF, headers={KEY_HEADER: secret})
        listed = (await browser.open(KEYS)).text
    assert f"{submitted.json()['credits_reserved']} of 1,000 credits" in listed


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"name": ""}, "name", "A name has 1 to"),
        ({"environment": "root"}, "environment", "Choose live or test."),
        ({"expires_on": "tomorrow"}, "expires_on", "Give a day as YYYY-MM-DD"),
        ({"expires_on": "9999-12-31"}, "expires_on", "Give a day as YYYY-MM-DD"),
        ({"expires_on": "2026-11-01"}, "expires_on", "A key must expire in the future."),
        ({"requests_per_minute_max": "0"}, "requests_per_minute_max", "Give a whole number"),
        ({"credits_per_month_max": "1e3"}, "credits_per_month_max", "Give a whole number"),
        (
            dict.fromkeys(("scope_renders_read", "scope_renders_write", "scope_wallet_read")),
            "scopes",
            "Choose at least one thing",
        ),
    ],
)
async def test_terms_that_no_key_can_have_are_refused_beside_their_field(
    stack: ApiStack, fields: dict[str, str | None], field: str, sentence: str
) -> None:
    async with member_of(stack) as browser:
        answer = await create(browser, **fields)
    assert answer.status_code == 422
    assert f'id="{field}-note">{sentence}' in answer.text
    assert keys_of(stack) == []


async def test_a_key_is_revoked_after_being_asked_and_is_refused(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        secret = secret_of(await create(browser))
        page = f"{KEYS}/{keys_of(stack)[0].key_id}/revoke"
        asked = await browser.open(page)
        assert "Revoke this key?" in asked.text
        assert await status_with(browser, secret) == 200
        answer = await send_form(browser, page)
        assert await status_with(browser, secret) == 401
        listed = await browser.open(answer.headers["location"])
    assert "The key is revoked" in listed.text
    assert '<span class="badge bad">revoked</span>' in listed.text


async def test_a_rotated_key_works_for_a_day_beside_its_successor(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        old = secret_of(await create(browser, scope_wallet_read=None))
        page = f"{KEYS}/{keys_of(stack)[0].key_id}/rotate"
        assert "24 hours" in (await browser.open(page)).text
        answer = await send_form(browser, page)
        new = secret_of(answer)
        assert "works until" in answer.text
        assert [await status_with(browser, key) for key in (old, new)] == [200, 200]
        stack.time.elapsed_seconds += 24 * 3600
        assert [await status_with(browser, key) for key in (old, new)] == [401, 200]
    first, second = sorted(keys_of(stack), key=lambda key: key.successor_id is None)
    assert (first.successor_id, first.terms.scopes) == (second.key_id, second.terms.scopes)


async def test_a_key_is_not_rotated_twice(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        await create(browser)
        page = f"{KEYS}/{keys_of(stack)[0].key_id}/rotate"
        await send_form(browser, page)
        answer = await send_form(browser, page)
    assert answer.status_code == 409
    (successor_id,) = (key.successor_id for key in keys_of(stack) if key.successor_id)
    assert f"rotate its successor {successor_id}" in answer.text


@pytest.mark.parametrize("act", ["revoke", "rotate"])
async def test_another_accounts_key_is_as_unknown_as_none(stack: ApiStack, act: str) -> None:
    stack.open_account("acct_other")
    theirs = stack.issued_keys("acct_other")[0].key_id
    async with member_of(stack) as browser:
        pages = [f"{KEYS}/{key_id}/{act}" for key_id in (theirs, "key_" + "0" * 16, "key_'--")]
        shown = [await browser.open(page) for page in pages]
        sent = [await browser.send(KEYS, to=page) for page in pages]
    assert {answer.status_code for answer in (*shown, *sent)} == {404}
    assert stack.issued_keys("acct_other")[0].revoked_at is None
    assert len(stack.issued_keys("acct_other")) == 1


async def test_there_are_only_so_many_keys_at_once(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        issue_all_keys(stack)
        answer = await create(browser)
        assert (answer.status_code, "as many as it may" in answer.text) == (409, True)
        await send_form(browser, f"{KEYS}/{keys_of(stack)[0].key_id}/revoke")
        assert (await create(browser)).status_code == 200


async def test_a_suspended_account_makes_no_keys_but_may_revoke_them(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        await create(browser)
        with stack.database.transaction() as session:
            account_id = account_of(stack).account_id
            suspend_account(session, account_id=account_id, now=stack.time.now())
        assert (await create(browser)).status_code == 403
        key_id = keys_of(stack)[0].key_id
        assert (await send_form(browser, f"{KEYS}/{key_id}/revoke")).status_code == 303
    assert [key.revoked_at is None for key in keys_of(stack)] == [False]


async def test_no_log_has_the_secret(stack: ApiStack) -> None:
    with logged("gateway") as lines:
        async with member_of(stack) as browser:
            secret = secret_of(await create(browser))
            await browser.open(KEYS)
    assert secret not in lines.text


async def test_names_are_shown_as_text(stack: ApiStack) -> None:
    name = "\"><img src=x onerror=alert(1)>{{7*7}}'"
    async with browser_of(stack) as browser:
        await send_form(
            browser,
            "/sign-up",
            "/sign-up",
            name=name,
            email="maker@example.com",
            password="a long enough password",
        )
        issued = await create(browser, name=name)
        key_id = keys_of(stack)[0].key_id
        pages = [
            issued,
            *[
                await browser.open(page)
                for page in (
                    KEYS,
                    f"{KEYS}/{key_id}/revoke",
                    f"{KEYS}/{key_id}/rotate",
                    "/settings/profile",
                )
            ],
        ]
    for page in pages:
        assert "<img src=x" not in page.text
        assert "&lt;img src=x onerror=alert(1)&gt;{{7*7}}" in page.text
    assert form_of(pages[-1].text, "/settings/profile").fields["name"] == name
