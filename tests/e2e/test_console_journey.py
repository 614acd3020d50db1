"""A customer's way through the console, and an operator's, in a real browser on real processes.

Every page that they come to is looked at: at two widths and in both schemes axe-core finds nothing
wrong. The pictures are kept in `out/console` (journey-*.png) for somebody to look at.
"""

import json
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.console.render_words import STAGES
from runtime.temporal_server import RunningTemporal
from tests.console.looking import browser
from tests.e2e.journey_kit import (
    PATIENCE_MS,
    Person,
    api,
    fvs,
    mailed_reset,
    person,
    standing_still,
)
from tests.kit.shop import Shop, open_shop

__all__ = ["browser"]

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

CUSTOMER, OPERATOR = "maker@example.com", "operator@example.com"
GIFT, BOUGHT_DOLLARS = 1_000, 30
FILM, OTHER = "The lamplighter", "The last ferry"


@pytest.fixture
def patient_shop(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: RunningTemporal
) -> Iterator[Shop]:
    """Its worker may stand still for a minute without being taken for dead."""
    folder = tmp_path_factory.mktemp("journey") / "stack"
    limits = {"heartbeat_timeout_seconds": 60.0}
    with open_shop(folder, temporal_server.address, **limits) as opened:
        opened.stack.start_worker()
        yield opened


async def test_a_customer_and_an_operator_get_through_the_whole_console(
    patient_shop: Shop, browser: Browser
) -> None:
    shop, stack = patient_shop, patient_shop.stack
    async with (
        person(browser, stack, CUSTOMER) as customer,
        person(browser, stack, OPERATOR) as operator,
    ):
        await _enter(customer, shop)
        key = await _create_key(customer)
        await _set_defaults(customer)
        customer_id = await customer.account_id()
        await customer.look("profile")
        await operator.sign_up("Olive, who runs it")
        fvs(stack, "operators", "add", await operator.account_id())
        await _give(operator, customer_id)

        project_id = await _film(customer, shop)
        answer = api(shop, f"renders/{project_id}", key)
        assert (answer.status_code, answer.json()["status"]) == (200, "completed")
        await _cancel_another(customer)
        await customer.see("/renders", "renders")
        await _top_up(customer, shop)
        await _revoke(customer)
        assert api(shop, f"renders/{project_id}", key).status_code == 401

        await _oversee(operator, customer_id, project_id)
        await _be_refused(customer)


async def _enter(customer: Person, shop: Shop) -> None:
    for path, name in (("/sign-in", "sign-in"), ("/sign-up", "sign-up"), ("/reset", "reset")):
        await customer.see(path, name)
    await customer.sign_up("Glass Airship Pictures")
    await customer.look("renders-empty")
    await customer.looker.press("Sign out")
    await customer.looker.open("/reset")
    await customer.page.get_by_label("E-mail address").fill(customer.email)
    await customer.looker.press("Send the link")
    await customer.look("reset-sent")
    await customer.see(mailed_reset(shop.stack), "new-password")
    await customer.page.get_by_label("New password").fill("another long password")
    await customer.looker.press("Set the password")
    await customer.looker.open("/sign-in")
    await customer.page.get_by_label("E-mail address").fill(customer.email)
    await customer.page.get_by_label("Password").fill("another long password")
    await customer.looker.press("Sign in")
    await expect(customer.page.get_by_role("heading", name="Renders")).to_be_visible()


async def _create_key(customer: Person) -> str:
    secret = await customer.create_key("The edit suite")
    assert secret.startswith("fvs_live_")
    await customer.look("key-issued")
    await customer.see("/settings/keys", "keys")
    assert secret not in await customer.page.content()
    return secret


async def _set_defaults(customer: Person) -> None:
    page = customer.page
    await customer.looker.open("/settings/defaults")
    await page.get_by_label("Visual style").select_option("film_noir")
    await page.get_by_label("Speak a brief of each stage").check()
    await customer.looker.press("Save the defaults")
    await customer.look("defaults")


async def _give(operator: Person, customer_id: str) -> None:
    await operator.looker.open(f"/operators/accounts/{customer_id}")
    await operator.page.get_by_label("Credits", exact=True).fill(str(GIFT))
    await operator.page.get_by_label("Reason").first.fill("Welcome")
    await operator.looker.press("Give the credits")


async def _film(customer: Person, shop: Shop) -> str:
    """Order a film and watch it being made until it plays, on a page that is loaded once."""
    page = customer.page
    await customer.write_brief(FILM)
    await customer.look("new")
    project_id = await customer.start_render()
    await expect(page.locator(".frame img").first).to_be_visible(timeout=PATIENCE_MS)
    with standing_still(shop.stack):
        await customer.look("running")
    film = page.locator("#film video")
    await expect(film).to_be_visible(timeout=PATIENCE_MS)
    await _assert_it_was_watched(page)
    await film.evaluate("async (film) => { film.muted = true; await film.play(); }")
    await expect(film).not_to_have_js_property("currentTime", 0, timeout=PATIENCE_MS)
    await expect(film).to_have_js_property("videoWidth", 1280)
    await customer.see(f"/renders/{project_id}", "completed")
    await page.get_by_text("The brief", exact=True).click()
    brief = page.locator("details.brief")
    await expect(brief).to_contain_text("film_noir")
    for name in ("archive-corridor.jpg", "young-woman.jpg"):
        await expect(brief).to_contain_text(name)
    return project_id


async def _assert_it_was_watched(page: Page) -> None:
    """Stages came one after the other, and shots on their way were seen on it."""
    seen = [json.loads(each) for each in await page.evaluate("window.seen")]
    stages = list(dict.fromkeys(stage for stage, _ in seen if stage))
    assert len(stages) >= 3
    assert stages == [stage for stage in STAGES.values() if stage in stages]
    states = {state for _, shots in seen for state in shots}
    assert states & {"storyboarding", "filming"}
    assert seen[-1][1] == ["completed", "completed"]


async def _cancel_another(customer: Person) -> None:
    page = customer.page
    await customer.write_brief(OTHER)
    await customer.start_render()
    await page.locator("#cancel").click()
    await customer.looker.press("Yes, cancel it")
    standing = page.locator("#standing")
    await expect(standing).to_contain_text("It was canceled", timeout=PATIENCE_MS)
    await customer.look("canceled")


async def _top_up(customer: Person, shop: Shop) -> None:
    """Pay at the processor's page; whoever comes back again is not credited again."""
    page = customer.page
    before = await customer.balance()
    await page.get_by_label("Or another amount").fill(str(BOUGHT_DOLLARS))
    await customer.looker.press("Continue to payment")
    await expect(page.get_by_text(f"Total: {BOUGHT_DOLLARS}.00 USD")).to_be_visible()
    assert page.url.startswith(shop.till.stripe.url)
    await page.get_by_label("Card number").fill("4242 4242 4242 4242")
    await customer.looker.press("Pay")
    await expect(page.get_by_text("Thank you: 3,000 credits")).to_be_visible()
    await page.reload()
    await customer.look("wallet")
    await expect(page.locator("section[aria-labelledby=purchases] li")).to_have_count(1)
    assert await customer.balance() == before + BOUGHT_DOLLARS * 100
    await customer.see("/settings/wallet?view=renders", "wallet-renders")
    await customer.see("/prices", "prices")


async def _revoke(customer: Person) -> None:
    await customer.looker.open("/settings/keys")
    await customer.page.get_by_role("link", name="Rotate").click()
    await customer.look("key-rotate")
    await customer.looker.open("/settings/keys")
    await customer.page.get_by_role("link", name="Revoke").click()
    await customer.look("key-revoke")
    await customer.looker.press("Revoke the key")
    await customer.look("key-revoked")


async def _oversee(operator: Person, customer_id: str, project_id: str) -> None:
    for path, name in (
        ("accounts", "accounts"),
        (f"accounts/{customer_id}", "account"),
        ("runs", "runs"),
        (f"runs/{project_id}", "run"),
        ("audit", "audit"),
    ):
        await operator.see(f"/operators/{path}", f"operators-{name}")
    await expect(operator.page.get_by_text("Welcome")).to_be_visible()


async def _be_refused(customer: Person) -> None:
    """Operators' pages are not there for customers, and a form of somebody else's is not taken."""
    await customer.see("/operators/runs", "problem-404")
    await customer.looker.open("/renders")
    csrf = customer.page.locator("form.leave input[name=csrf]")
    await csrf.evaluate("(field) => { field.value = 'not ours'; }")
    await customer.looker.press("Sign out")
    await customer.look("problem-403")
