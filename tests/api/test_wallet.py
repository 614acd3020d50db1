"""The wallet and its statement, as programs read them."""

from datetime import timedelta

import pytest

from studio.accounts.records import KeyTerms
from studio.accounts.service import KeyScope, set_low_balance
from studio.contracts.names import test_side_of as side_of
from studio.ledger.filling import TEST_CREDITS
from studio.ledger.service import grant, release_open, wallet_id
from tests.api.kit import BRIEF, START, ApiStack

RENDERS = "/api/agent/renders"
WALLET = "/api/agent/wallet"
STATEMENT = f"{WALLET}/statement"
COST = 118
"""Of the brief: without voice briefs, two less than the default."""
READS = KeyTerms(scopes=frozenset({KeyScope.WALLET_READ}))
RENDERS_ONLY = KeyTerms(scopes=frozenset({KeyScope.RENDERS_READ, KeyScope.RENDERS_WRITE}))


def _give(stack: ApiStack, credits: int, grant_id: str, *, lasts: timedelta | None) -> None:
    with stack.database.transaction() as session:
        grant(
            session,
            wallet=wallet_id("acct_one"),
            grant_id=grant_id,
            credits=credits,
            reason="Welcome",
            expires_at=stack.time.now() + lasts if lasts else None,
            now=stack.time.now(),
        )


async def test_the_wallet_says_what_is_available_held_and_given(stack: ApiStack) -> None:
    key = stack.open_account(credits_=1000)
    _give(stack, 50, "forever", lasts=None)
    _give(stack, 300, "soon", lasts=timedelta(days=2))
    async with stack.client(key) as client:
        await client.post(RENDERS, json=BRIEF)
        wallet = (await client.get(WALLET)).json()
    assert {name: wallet[name] for name in wallet if name != "grants"} == {
        "environment": "live",
        "credits_available": 1350 - COST,
        "credits_held": COST,
        "credits_granted": 350 - COST,
        "credits_owed": 0,
        "low_balance": False,
        "low_balance_credits": None,
    }
    found = [(gift["grant_id"], gift["credits_remaining"]) for gift in wallet["grants"]]
    assert found == [("soon", 300 - COST), ("forever", 50)]


async def test_a_gift_that_has_just_ended_is_not_there_to_be_spent(stack: ApiStack) -> None:
    key = stack.open_account(credits_=10)
    _give(stack, 300, "over", lasts=timedelta(minutes=1))
    stack.time.elapsed_seconds += 60
    async with stack.client(key) as client:
        wallet = (await client.get(WALLET)).json()
        refused = await client.post(RENDERS, json=BRIEF)
    assert (wallet["credits_available"], wallet["credits_granted"], wallet["grants"]) == (10, 0, [])
    assert refused.json()["credits_available"] == 10


@pytest.mark.parametrize(("notice", "is_low"), [(1000, False), (1001, True)])
async def test_the_wallet_says_whether_it_is_below_the_owners_notice(
    stack: ApiStack, notice: int, *, is_low: bool
) -> None:
    key = stack.open_account(credits_=1000)
    with stack.database.transaction() as session:
        set_low_balance(session, account_id="acct_one", credits=notice)
    async with stack.client(key) as client:
        wallet = (await client.get(WALLET)).json()
    assert (wallet["low_balance"], wallet["low_balance_credits"]) == (is_low, notice)


async def test_every_line_of_the_statement_leads_to_its_render_and_its_receipt(
    stack: ApiStack,
) -> None:
    key = stack.open_account(credits_=1000)
    stack.time.elapsed_seconds += 60
    async with stack.client(key) as client:
        project_id = (await client.post(RENDERS, json=BRIEF)).json()["project_id"]
        stack.time.elapsed_seconds += 60
        stack.settle(project_id, "project")
        stack.time.elapsed_seconds += 60
        with stack.database.transaction() as session:
            release_open(session, subject=project_id, now=stack.time.now())
        receipt = (await client.get(f"{RENDERS}/{project_id}/receipt")).json()
        items = (await client.get(STATEMENT, params={"limit": 100})).json()["items"]
        of_render, others = items[:-1], items[-1:]
        assert {(await client.get(url)).status_code for url in _urls(of_render)} == {200}
    labels = {line["line_id"]: line["label"] for line in receipt["lines"]}
    assert {item["line_id"]: item["label"] for item in of_render} == labels
    assert {item["project_id"] for item in of_render} == {project_id}
    kinds = [item["kind"] for item in of_render]
    assert (kinds.count("hold"), kinds.count("charge")) == (len(labels), 1)
    assert kinds.count("release") == len(labels) - 1
    assert [(item["kind"], item["reference"]) for item in others] == [("top_up", "grant-acct_one")]
    assert sum(item["change_available"] for item in items) == stack.available()


def _urls(items: list[dict[str, str]]) -> set[str]:
    return {item["receipt_url"] for item in items}


async def test_pages_of_the_statement_follow_each_other_without_a_gap(stack: ApiStack) -> None:
    key = stack.open_account(credits_=1000)
    for number in range(5):
        _give(stack, number + 1, f"gift-{number}", lasts=None)
        stack.time.elapsed_seconds += 1
    seen: list[str] = []
    async with stack.client(key) as client:
        whole = (await client.get(STATEMENT)).json()
        cursor = None
        while True:
            wanted = {"limit": 2, **({"cursor": cursor} if cursor else {})}
            page = (await client.get(STATEMENT, params=wanted)).json()
            seen += [item["entry_id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    assert seen == [item["entry_id"] for item in whole["items"]]
    assert (len(seen), whole["next_cursor"]) == (6, None)


@pytest.mark.parametrize("cursor", ["nonsense", "%00", "x" * 200, "MjAyNnx4"])
@pytest.mark.parametrize("environment", ["live", "test"])
async def test_a_cursor_that_is_not_ours_is_refused(
    stack: ApiStack, cursor: str, environment: str
) -> None:
    key = stack.open_account(environment="test" if environment == "test" else "live")
    async with stack.client(key) as client:
        answer = await client.get(STATEMENT, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


async def test_another_accounts_wallet_is_never_shown(stack: ApiStack) -> None:
    key, stranger = stack.open_account(credits_=1000), stack.open_account("acct_two", credits_=7)
    async with stack.client(key) as client:
        await client.post(RENDERS, json=BRIEF)
        cursor = (await client.get(STATEMENT, params={"limit": 1})).json()["next_cursor"]
    async with stack.client(stranger) as client:
        wallet = (await client.get(WALLET)).json()
        first = (await client.get(STATEMENT)).json()
        behind = (await client.get(STATEMENT, params={"cursor": cursor})).json()
    assert (wallet["credits_available"], wallet["credits_held"]) == (7, 0)
    assert [item["credits"] for item in first["items"]] == [7]
    assert {item["reference"] for item in behind["items"]} <= {"grant-acct_two"}


async def test_a_test_key_sees_the_test_wallet_and_nothing_of_the_real_one(
    stack: ApiStack,
) -> None:
    key = stack.open_account(credits_=1000, environment="test")
    async with stack.client(key) as client:
        untouched = (await client.get(WALLET)).json()
        nothing = (await client.get(STATEMENT)).json()
        project_id = (await client.post(RENDERS, json=BRIEF)).json()["project_id"]
        used = (await client.get(WALLET)).json()
        items = (await client.get(STATEMENT, params={"limit": 100})).json()["items"]
    assert (untouched["environment"], untouched["credits_available"]) == ("test", TEST_CREDITS)
    assert nothing == {"items": [], "next_cursor": None}
    assert (used["credits_available"], used["credits_held"]) == (TEST_CREDITS - COST, COST)
    assert {item["project_id"] for item in items} == {project_id, None}
    assert stack.available() == 1000
    assert stack.available(side_of("acct_one")) == TEST_CREDITS - COST


@pytest.mark.parametrize("path", [WALLET, STATEMENT])
async def test_reading_the_wallet_takes_its_own_scope(stack: ApiStack, path: str) -> None:
    reader = stack.open_account(terms=READS)
    other = stack.open_account("acct_two", terms=RENDERS_ONLY)
    answers = []
    for key in (reader, other, None, "fvs_live_nonsense"):
        async with stack.client(key) as client:
            answers.append(await client.get(path))
    assert [answer.status_code for answer in answers] == [200, 403, 401, 401]
    assert answers[1].json()["code"] == "key_lacks_scope"


async def test_the_document_describes_both_routes(stack: ApiStack) -> None:
    async with stack.client() as client:
        document = (await client.get("/api/agent/openapi.json")).json()
    for path in (WALLET, STATEMENT):
        operation = document["paths"][path]["get"]
        assert operation["security"]
        assert {"200", "401", "403", "429", "503"} <= set(operation["responses"])
    kinds = document["components"]["schemas"]["EntryKind"]["enum"]
    assert {"hold", "charge", "release"} <= set(kinds)


async def test_times_are_of_the_movement_and_not_of_the_reading(stack: ApiStack) -> None:
    key = stack.open_account()
    stack.time.elapsed_seconds += 500
    async with stack.client(key) as client:
        [item] = (await client.get(STATEMENT)).json()["items"]
    assert item["created_at"] == START.isoformat().replace("+00:00", "Z")
