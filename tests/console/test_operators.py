"""What operators see of every account, and that nobody else sees any of it."""

import pytest

from studio.accounts.records import KeyTerms
from studio.accounts.service import AccountRole, create_account, suspend_account
from studio.contracts.status import ClipSnapshot, ClipState, RenderState
from tests.api.kit import BRIEF, ApiStack
from tests.console.kit import EMAIL, Browser, browser_of, member_of
from tests.console.operator_kit import (
    ACCOUNTS,
    AUDIT,
    OPERATOR,
    RUNS,
    acts_of,
    id_of,
    make_operator,
    operator_of,
)
from tests.console.page_forms import SAME_ORIGIN, form_of

MARKUP = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"
RENDERS = "/api/agent/renders"


async def _submit(stack: ApiStack, key: str, name: str) -> str:
    async with stack.client(key) as client:
        answer = await client.post(RENDERS, json={**BRIEF, "name": name})
    stack.time.elapsed_seconds += 1
    project_id: str = answer.json()["project_id"]
    return project_id


async def _answers(browser: Browser, account_id: str, project_id: str) -> set[tuple[int, str]]:
    """How every address of operators answers, without what is drawn anew for each page."""
    pages = [
        RUNS,
        f"{RUNS}/{project_id}",
        ACCOUNTS,
        f"{ACCOUNTS}/{account_id}",
        AUDIT,
        "/operators/nothing",
    ]
    acts = [f"{ACCOUNTS}/{account_id}/{act}" for act in ("grant", "suspend", "resume", "nothing")]
    answers = [await browser.open(path) for path in (*pages, *acts)]
    answers += [await browser.http.post(path, headers=SAME_ORIGIN) for path in (*acts, RUNS)]
    return {(answer.status_code, answer.text.split("<main")[1]) for answer in answers}


@pytest.mark.parametrize("who", ["nobody", "customer", "former operator", "suspended operator"])
async def test_for_everybody_else_there_is_nothing_at_any_address_of_operators(
    stack: ApiStack, who: str
) -> None:
    key = stack.open_account()
    project_id = await _submit(stack, key, "A film")
    async with member_of(stack) as member, browser_of(stack) as stranger:
        if who != "customer":
            make_operator(stack, EMAIL)
        if who == "former operator":
            make_operator(stack, EMAIL, role=AccountRole.CUSTOMER)
        if who == "suspended operator":
            with stack.database.transaction() as session:
                suspend_account(session, account_id=id_of(stack, EMAIL), now=stack.time.now())
        browser = stranger if who == "nobody" else member
        found = await _answers(browser, "acct_one", project_id)
    [(status, page)] = found
    assert status == 404
    assert "There is nothing at this address, or it is not yours." in page
    assert stack.available() == 1000 - 118
    assert acts_of(stack) == []


async def test_runs_of_every_account_are_listed_newest_first_and_narrowed(
    stack: ApiStack,
) -> None:
    one, two = stack.open_account("acct_one"), stack.open_account("acct_two")
    first = await _submit(stack, one, f"Airship {MARKUP}")
    second = await _submit(stack, two, "Harbour 100%")
    stack.record(second, status=RenderState.FAILED, last_error=f"It broke {MARKUP}")
    async with operator_of(stack) as browser:
        every = (await browser.open(RUNS)).text
        found = {
            query: (await browser.open(f"{RUNS}?{query}")).text
            for query in ("account=acct_one", "status=failed", "q=airSHIP", "q=%25", "q=%00", "q=_")
        }
    assert every.index(second) < every.index(first)
    assert f"Airship {ESCAPED}" in every
    assert f"It broke {ESCAPED}" in every
    assert MARKUP not in every
    seen = {query: (first in page, second in page) for query, page in found.items()}
    assert seen == {
        "account=acct_one": (True, False),
        "status=failed": (False, True),
        "q=airSHIP": (True, False),
        "q=%25": (False, True),
        "q=%00": (True, True),
        "q=_": (False, False),
    }


async def test_lists_go_on_page_by_page_with_their_filters(stack: ApiStack) -> None:
    stack.configure(active_renders_max=100)
    key = stack.open_account(credits_=100_000)
    for number in range(26):
        await _submit(stack, key, f"Film {number:02d}")
    async with operator_of(stack) as browser:
        first = (await browser.open(f"{RUNS}?account=acct_one")).text
        older = first.rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
        last = (await browser.open(older)).text
    assert "account=acct_one" in older
    assert ("Film 25<" in first, "Film 00<" in first) == (True, False)
    assert ("Film 25<" in last, "Film 00<" in last) == (False, True)
    assert "Older</a>" not in last


@pytest.mark.parametrize("path", [RUNS, ACCOUNTS, AUDIT])
async def test_a_cursor_that_is_not_ours_is_refused_with_a_page(stack: ApiStack, path: str) -> None:
    async with operator_of(stack) as browser:
        answer = await browser.open(f"{path}?cursor=nonsense")
    assert answer.status_code == 422
    assert "The cursor is not one of ours" in answer.text


async def test_a_run_is_shown_with_its_errors_attempts_money_and_its_place_in_temporal(
    stack: ApiStack,
) -> None:
    stack.configure(temporal_ui_url="http://temporal.test/namespaces/default")
    project_id = await _submit(stack, stack.open_account(), "A film")
    broken = ClipSnapshot(index=1, status=ClipState.FAILED, attempts=3, error=f"No {MARKUP}")
    stack.record(project_id, clips=(broken,), status=RenderState.FAILED, last_error="It broke.")
    stack.settle(project_id, "project")
    async with operator_of(stack) as browser:
        page = (await browser.open(f"{RUNS}/{project_id}")).text
        unknown = await browser.open(f"{RUNS}/proj_api_none")
    run = f"http://temporal.test/namespaces/default/workflows/{project_id}/run-of-{project_id}"
    assert f'href="{run}"' in page
    assert f'href="{ACCOUNTS}/acct_one"' in page
    assert "It broke." in page
    assert f"3 attempts · No {ESCAPED}" in page
    assert "118 credits held at first: 12 charged, 106 still held" in page
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"acct_one", "acct_two"}),
        ("q=GLASS", {"acct_one"}),
        ("q=acct_tw", {"acct_two"}),
        ("q=Maker@Example.com", set()),
        ("q=%25", set()),
        ("q=_lass", set()),
        ("q=%00", {"acct_one", "acct_two"}),
        ("standing=suspended", {"acct_two"}),
        ("standing=active", {"acct_one"}),
    ],
)
async def test_accounts_are_found_by_name_address_id_and_standing(
    stack: ApiStack, query: str, expected: set[str]
) -> None:
    now = stack.time.now()
    with stack.database.transaction() as session:
        create_account(session, account_id="acct_one", name="Glass Airship", now=now)
        create_account(session, account_id="acct_two", name=MARKUP, now=now)
        suspend_account(session, account_id="acct_two", now=now)
    async with operator_of(stack) as browser, member_of(stack):
        page = (await browser.open(f"{ACCOUNTS}?{query}")).text
        own = id_of(stack, EMAIL)
    assert {name for name in ("acct_one", "acct_two") if f"{ACCOUNTS}/{name}" in page} == expected
    assert (f"{ACCOUNTS}/{own}" in page) is (query in ("", "q=Maker@Example.com", "q=%00")) or (
        query == "standing=active"
    )
    assert MARKUP not in page


async def test_an_accounts_page_shows_all_of_it_but_no_secret(stack: ApiStack) -> None:
    secret = stack.open_account(terms=KeyTerms(requests_per_minute_max=60))
    project_id = await _submit(stack, secret, f"A film {MARKUP}")
    async with operator_of(stack) as browser:
        page = (await browser.open(f"{ACCOUNTS}/acct_one")).text
    [key] = stack.issued_keys()
    assert ">882</b>" in page
    assert "118 credits" in page
    assert key.key_id in page
    assert key.hint in page
    assert secret not in page
    assert f'href="{RUNS}/{project_id}"' in page
    assert MARKUP not in page


@pytest.mark.parametrize("account_id", ["acct_none", "acct_one~test", "%00", "..%2f", "a" * 65])
async def test_what_is_no_account_has_no_page_and_gets_no_credits(
    stack: ApiStack, account_id: str
) -> None:
    stack.open_account()
    async with operator_of(stack) as browser:
        page = await browser.open(f"{ACCOUNTS}/{account_id}")
        form = form_of(
            (await browser.open(f"{ACCOUNTS}/acct_one")).text, f"{ACCOUNTS}/acct_one/grant"
        )
        answer = await browser.http.post(
            f"{ACCOUNTS}/{account_id}/grant",
            data={**form.fields, "credits": "5", "reason": "Because"},
            headers=SAME_ORIGIN,
        )
    assert (page.status_code, answer.status_code) == (404, 404)
    assert acts_of(stack) == []


async def test_the_page_of_operators_is_in_the_bar_of_operators_alone(stack: ApiStack) -> None:
    async with operator_of(stack) as browser, member_of(stack) as member:
        pages = [(await each.open("/settings/profile")).text for each in (browser, member)]
    assert [f'href="{RUNS}"' in page for page in pages] == [True, False]
    assert OPERATOR not in pages[1]
