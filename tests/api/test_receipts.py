"""The estimate, the holds, the charges and the receipt are one list."""

import pytest

from studio.contracts.status import RenderState
from studio.ledger.service import release_open
from tests.api.kit import BRIEF, ApiStack

RENDERS = "/api/agent/renders"
LINE = ("line_id", "label", "credits", "shot")


def url(project_id: str) -> str:
    return f"{RENDERS}/{project_id}/receipt"


@pytest.mark.requirement("BILL-1", "BILL-3")
async def test_the_receipt_has_the_lines_of_the_estimate_and_of_the_holds(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        estimate = (await client.post(f"{RENDERS}/estimate", json=BRIEF)).json()
        project_id = (await client.post(RENDERS, json=BRIEF)).json()["project_id"]
        receipt = (await client.get(url(project_id))).json()

    plan = stack.workflows.started[project_id].plan
    held = [{name: line[name] for name in LINE} for line in receipt["lines"]]
    assert held == estimate["lines"] == [line.model_dump() for line in plan.charges.lines]
    assert {line["state"] for line in receipt["lines"]} == {"held"}
    for name in ("price_version", "digest"):
        assert receipt[name] == estimate[name] == getattr(plan.charges, name)
    assert receipt["credits_held"] == receipt["credits_reserved"] == estimate["total_credits"]


async def test_a_line_is_held_until_it_is_settled_or_released(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        project_id = (await client.post(RENDERS, json=BRIEF)).json()["project_id"]
        stack.settle(project_id, "project", "planning")
        under_way = (await client.get(url(project_id))).json()
        with stack.database.transaction() as session:
            release_open(session, subject=project_id, now=stack.time.now())
        stack.record(project_id, status=RenderState.FAILED)
        ended = (await client.get(url(project_id))).json()

    states = {line["line_id"]: line["state"] for line in under_way["lines"]}
    assert (states["project"], states["production"]) == ("settled", "held")
    assert (under_way["credits_settled"], under_way["credits_released"]) == (12 + 10, 0)
    assert {line["state"] for line in ended["lines"]} == {"settled", "released"}
    assert ended["credits_held"] == 0
    assert ended["credits_released"] == ended["credits_reserved"] - ended["credits_settled"]
    assert sum(line["credits_settled"] for line in ended["lines"]) == 22


@pytest.mark.requirement("AUTH-5")
async def test_another_accounts_receipt_is_404_as_an_unknown_one(stack: ApiStack) -> None:
    key, stranger = stack.open_account(), stack.open_account("acct_two")
    async with stack.client(key) as client:
        project_id = (await client.post(RENDERS, json=BRIEF)).json()["project_id"]
    async with stack.client(stranger) as client:
        foreign = await client.get(url(project_id))
        unknown = await client.get(url("proj_api_0000000000000000"))

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["code"] == unknown.json()["code"] == "unknown_render"


async def test_a_receipt_needs_a_key(stack: ApiStack) -> None:
    async with stack.client() as client:
        assert (await client.get(url("proj_api_0"))).status_code == 401
