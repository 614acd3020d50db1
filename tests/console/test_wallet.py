"""The wallet's page: what there is, and what became of it."""

from datetime import timedelta

import pytest

from gateway.console.pages import show_moment
from gateway.console.wallet import PAGE_LENGTH
from studio.accounts.service import issue_key, set_low_balance
from studio.ledger.service import grant, top_up, wallet_id
from tests.api.kit import BRIEF, PEPPER, ApiStack
from tests.console.kit import EMAIL, member_of
from tests.console.operator_kit import id_of
from tests.console.page_forms import forms_of

WALLET = "/settings/wallet"
BUY = f"{WALLET}/buy"
MARKUP = "<img src=x onerror=alert(1)>"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;"


def fill(stack: ApiStack, credits: int, email: str = EMAIL) -> str:
    """Credits that were bought; the account's id."""
    account_id = id_of(stack, email)
    with stack.database.transaction() as session:
        wallet, now = wallet_id(account_id), stack.time.now()
        top_up(session, wallet=wallet, credits=credits, reference=f"for {email}", now=now)
    return account_id


def give(stack: ApiStack, account_id: str, credits: int, name: str, *, days: int | None) -> None:
    now = stack.time.now()
    with stack.database.transaction() as session:
        grant(
            session,
            wallet=wallet_id(account_id),
            grant_id=name,
            credits=credits,
            reason=f"{name} {MARKUP}",
            expires_at=now + timedelta(days=days) if days else None,
            now=now,
        )


async def test_the_balance_is_there_in_credits_and_dollars_with_gifts_and_their_ends(
    stack: ApiStack,
) -> None:
    async with member_of(stack) as browser:
        account_id = fill(stack, 1234)
        give(stack, account_id, 50, "Welcome", days=30)
        page = (await browser.open(WALLET)).text
    assert ">1,284</b>" in page
    assert "$12.84" in page
    assert "50</span> of 50 credits left, until" in page
    assert show_moment(stack.time.now() + timedelta(days=30)) in page
    assert MARKUP not in page
    assert f"Welcome {ESCAPED}" in page


@pytest.mark.parametrize(("notice", "is_said"), [(100, False), (101, True)])
async def test_a_low_balance_is_said(stack: ApiStack, notice: int, *, is_said: bool) -> None:
    async with member_of(stack) as browser:
        account_id = fill(stack, 100)
        with stack.database.transaction() as session:
            set_low_balance(session, account_id=account_id, credits=notice)
        page = (await browser.open(WALLET)).text
    assert ("Fewer credits are left" in page) is is_said


async def submit(stack: ApiStack, account_id: str, name: str) -> str:
    """A render of the account, as a program would submit it."""
    with stack.database.transaction() as session:
        key = issue_key(
            session,
            account_id=account_id,
            name="program",
            environment="live",
            peppers=[PEPPER],
            now=stack.time.now(),
        )
    async with stack.client(key.secret) as client:
        answer = await client.post("/api/agent/renders", json={**BRIEF, "name": name})
    project_id: str = answer.json()["project_id"]
    return project_id


async def test_every_line_names_its_render_and_what_it_is_for_and_leads_to_the_receipt(
    stack: ApiStack,
) -> None:
    async with member_of(stack) as browser:
        account_id = fill(stack, 1000)
        project_id = await submit(stack, account_id, MARKUP)
        stack.time.elapsed_seconds += 60
        stack.settle(project_id, "project")
        movements = (await browser.open(WALLET)).text
        renders = (await browser.open(f"{WALLET}?view=renders")).text
    for page in (movements, renders):
        assert f'<a href="/renders/{project_id}">{ESCAPED}</a>' in page
        assert f'<a href="/renders/{project_id}#money-title">Receipt' in page
        assert MARKUP not in page
    assert "<span>Project</span>" in movements
    assert "charged 12" in movements
    assert "held 10" in movements
    assert "118 credits held at first · 106 credits still held" in renders


async def test_the_statement_goes_on_page_by_page_to_its_end(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        account_id = fill(stack, 1)
        for number in range(PAGE_LENGTH):
            stack.time.elapsed_seconds += 1
            give(stack, account_id, 1, f"gift-{number:02d}", days=None)
        first = (await browser.open(WALLET)).text
        older = first.split('href="')[-1].split('"')[0].replace("&amp;", "&")
        last = (await browser.open(older)).text
    assert "Given: gift-00" in first
    assert "<code>for maker@example.com</code>" not in first
    assert "Given: gift" not in last
    assert "<code>for maker@example.com</code>" in last
    assert "Newest</a>" in last
    assert "Older</a>" not in last


@pytest.mark.parametrize(
    ("query", "status"),
    [("cursor=nonsense", 422), ("view=nonsense", 404), ("view=renders&cursor=%00", 422)],
)
async def test_what_is_no_page_of_the_statement_is_refused_with_a_page(
    stack: ApiStack, query: str, status: int
) -> None:
    async with member_of(stack) as browser:
        answer = await browser.open(f"{WALLET}?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


async def test_nobody_sees_anybody_elses_wallet(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        fill(stack, 1000)
        give(stack, id_of(stack, EMAIL), 5, "secret-gift", days=None)
        own = (await browser.open(WALLET)).text
    async with member_of(stack, "other@example.com") as other:
        page = (await other.open(WALLET)).text
    assert "secret-gift" in own
    assert "secret-gift" not in page
    assert ">0</b>" in page
    assert "Nothing has happened to these credits yet." in page


async def test_the_wallet_is_shown_to_members_alone(stack: ApiStack) -> None:
    async with stack.client() as http:
        answer = await http.get(WALLET)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/sign-in?next=%2Fsettings%2Fwallet",
    )


async def test_where_nothing_is_sold_there_is_no_form_and_nothing_behind_it(
    stack: ApiStack,
) -> None:
    async with member_of(stack) as browser:
        page = (await browser.open(WALLET)).text
        answer = await browser.send(WALLET, to=BUY, form_id="0" * 32, choice="25")
    assert BUY not in {form.action for form in forms_of(page)}
    assert "Credits cannot be bought on this server." in page
    assert answer.status_code == 404


async def test_prices_are_there_for_everybody_and_those_of_the_table(stack: ApiStack) -> None:
    async with stack.client() as http:
        page = (await http.get("/prices")).text
        table = (await http.get("/api/agent/models")).json()["prices"]
    assert table["version"] in page
    assert f'<td class="number">{table["project"]}</td>' in page
    assert "Veo 3.1 Fast" in page
    assert "local-animatic" not in page
