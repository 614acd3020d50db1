"""What operators do: once a form, with a reason, and never without its entry in the audit log."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from studio.accounts.service import get_account
from studio.ledger.service import open_grants, wallet_id
from tests.api.kit import BRIEF, ApiStack
from tests.console.kit import Browser
from tests.console.operator_kit import ACCOUNTS, AUDIT, OPERATOR, acts_of, id_of, operator_of
from tests.console.page_forms import SAME_ORIGIN, form_of

PAGE = f"{ACCOUNTS}/acct_one"
MARKUP = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"
GIFT = {"credits": "250", "reason": "For the outage"}
CAUSE = {"standing_reason": "A chargeback"}


async def _form(browser: Browser, act: str, **fields: str) -> dict[str, str]:
    page = (await browser.open(PAGE)).text
    return {**form_of(page, f"{PAGE}/{act}").fields, **fields}


async def _send(
    browser: Browser, act: str, form: dict[str, str], **headers: str
) -> httpx2.Response:
    return await browser.http.post(f"{PAGE}/{act}", data=form, headers=headers or SAME_ORIGIN)


async def _do(browser: Browser, act: str, **fields: str) -> httpx2.Response:
    return await _send(browser, act, await _form(browser, act, **fields))


def _is_suspended(stack: ApiStack) -> bool:
    with stack.database.reading() as session:
        return get_account(session, account_id="acct_one").suspended_at is not None


async def test_credits_are_given_with_an_end_and_a_reason_and_written_down(
    stack: ApiStack,
) -> None:
    stack.open_account()
    async with operator_of(stack) as browser:
        last_day = stack.time.now().date() + timedelta(days=30)
        answer = await _do(browser, "grant", **GIFT, expires_on=last_day.isoformat())
        page = (await browser.open(answer.headers["location"])).text
        log = (await browser.open(AUDIT)).text
    [act] = acts_of(stack)
    assert (answer.status_code, stack.available()) == (303, 1250)
    assert "The credits are in the wallet." in page
    assert (act.operator, act.action, act.account_id) == (
        id_of(stack, OPERATOR),
        "credits.grant",
        "acct_one",
    )
    ends = f"{last_day + timedelta(days=1)}T00:00:00+00:00"
    wanted = {"credits": 250, "reason": "For the outage", "expires_at": ends}
    assert {name: act.details[name] for name in wanted} == wanted
    assert "For the outage" in log
    with stack.database.reading() as session:
        [gift] = open_grants(session, wallet=wallet_id("acct_one"))
    assert (gift.credits, gift.reason) == (250, "For the outage")


async def test_a_form_that_is_sent_again_gives_nothing_more_not_even_at_once(
    stack: ApiStack,
) -> None:
    stack.open_account()
    async with operator_of(stack) as browser:
        form = await _form(browser, "grant", **GIFT)
        answers = await asyncio.gather(*(_send(browser, "grant", form) for _ in range(3)))
        other = await _send(browser, "grant", {**form, "credits": "251"})
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert other.status_code == 409
    assert (stack.available(), len(acts_of(stack))) == (1250, 1)


async def test_an_operator_who_is_given_credits_by_their_own_hand_is_written_down_like_all(
    stack: ApiStack,
) -> None:
    async with operator_of(stack) as browser:
        own = id_of(stack, OPERATOR)
        page = (await browser.open(f"{ACCOUNTS}/{own}")).text
        form = {**form_of(page, f"{ACCOUNTS}/{own}/grant").fields, **GIFT}
        await browser.http.post(f"{ACCOUNTS}/{own}/grant", data=form, headers=SAME_ORIGIN)
    [act] = acts_of(stack)
    assert (act.operator, act.account_id) == (own, own)
    assert stack.available(own) == 250


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *(({"credits": text}, "credits") for text in ("", "0", "-5", "2.5", "1e9", "1000000001")),
        ({"credits": "9" * 30}, "credits"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": "two\nlines"}, "reason"),
        ({"expires_on": "31.12.2026"}, "expires_on"),
        ({"expires_on": "9999-12-31"}, "expires_on"),
        ({"expires_on": "2026-01-01"}, "expires_on"),
    ],
)
async def test_what_cannot_be_given_is_said_beside_its_field_and_gives_nothing(
    stack: ApiStack, changes: dict[str, str], field: str
) -> None:
    stack.open_account()
    async with operator_of(stack) as browser:
        answer = await _do(browser, "grant", **{**GIFT, **changes})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert (stack.available(), acts_of(stack)) == (1000, [])


async def test_a_suspension_stops_what_is_new_until_it_ends_and_both_are_written_down(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    async with operator_of(stack) as browser, stack.client(key) as client:
        assert (await _do(browser, "suspend", **CAUSE)).status_code == 303
        refused = await client.post("/api/agent/renders", json=BRIEF)
        assert (await _do(browser, "resume", standing_reason="It was paid")).status_code == 303
        taken = await client.post("/api/agent/renders", json=BRIEF)
    assert (refused.json()["code"], taken.status_code) == ("account_suspended", 201)
    acts = [(act.action, act.details["reason"]) for act in acts_of(stack)]
    assert sorted(acts) == [
        ("accounts.resume", "It was paid"),
        ("accounts.suspend", "A chargeback"),
    ]


async def test_an_old_form_does_not_suspend_again(stack: ApiStack) -> None:
    stack.open_account()
    async with operator_of(stack) as browser:
        form = await _form(browser, "suspend", **CAUSE)
        for _ in range(2):
            assert (await _send(browser, "suspend", form)).status_code == 303
        await _do(browser, "resume", standing_reason="It was paid")
        assert (await _send(browser, "suspend", form)).status_code == 303
    assert not _is_suspended(stack)
    assert len(acts_of(stack)) == 2


@pytest.mark.parametrize("act", ["suspend", "resume"])
async def test_nothing_is_done_without_a_reason(stack: ApiStack, act: str) -> None:
    stack.open_account()
    async with operator_of(stack) as browser:
        if act == "resume":
            await _do(browser, "suspend", **CAUSE)
        answer = await _do(browser, act, standing_reason="  ")
    assert answer.status_code == 422
    assert _is_suspended(stack) is (act == "resume")


async def test_reasons_are_shown_as_text_to_operators_and_to_the_account(stack: ApiStack) -> None:
    async with operator_of(stack) as browser:
        own = id_of(stack, OPERATOR)
        page = (await browser.open(f"{ACCOUNTS}/{own}")).text
        form = {**form_of(page, f"{ACCOUNTS}/{own}/grant").fields, "credits": "5", "reason": MARKUP}
        await browser.http.post(f"{ACCOUNTS}/{own}/grant", data=form, headers=SAME_ORIGIN)
        paths = (AUDIT, f"{ACCOUNTS}/{own}", "/settings/wallet")
        pages = [(await browser.open(path)).text for path in paths]
    assert all(ESCAPED in page and MARKUP not in page for page in pages)


@pytest.mark.parametrize("act", ["grant", "suspend"])
async def test_forms_of_others_or_with_more_fields_do_nothing(stack: ApiStack, act: str) -> None:
    stack.open_account()
    async with operator_of(stack) as browser:
        form = await _form(browser, act, **(GIFT if act == "grant" else CAUSE))
        refused = [
            await _send(browser, act, form, **{"Sec-Fetch-Site": "cross-site"}),
            await _send(browser, act, {**form, "csrf": "not ours"}),
            await _send(browser, act, {**form, "role": "operator"}),
            await _send(browser, act, {**form, "operator": "shell"}),
            await _send(browser, act, {**form, "form_id": "../../etc"}),
        ]
    assert [answer.status_code for answer in refused] == [403, 403, 422, 422, 422]
    assert (stack.available(), _is_suspended(stack), acts_of(stack)) == (1000, False, [])


async def test_what_cannot_be_written_down_is_not_done(stack: ApiStack) -> None:
    stack.open_account()
    async with operator_of(stack) as browser:
        gift, cause = (
            await _form(browser, "grant", **GIFT),
            await _form(browser, "suspend", **CAUSE),
        )
        with stack.database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE operator_action RENAME TO gone")
        answers = [await _send(browser, "grant", gift), await _send(browser, "suspend", cause)]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert (stack.available(), _is_suspended(stack)) == (1000, False)
