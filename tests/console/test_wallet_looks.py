"""The wallet and operators' pages in a real browser: as they look, and as they are read aloud."""

import pytest

from studio.accounts.service import set_low_balance, suspend_account
from studio.contracts.status import ClipSnapshot, ClipState, RenderState, Stage
from tests.api.kit import ApiStack
from tests.api.topup_kit import credit_shop
from tests.console.kit import EMAIL, PASSWORD, member_of
from tests.console.looking import Looker
from tests.console.operator_kit import ACCOUNTS, AUDIT, OPERATOR, RUNS, id_of, operator_of
from tests.console.test_wallet import fill, give, submit

WALLET = "/settings/wallet"

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx


async def _sign_in(looker: Looker, email: str) -> None:
    await looker.open("/sign-in?next=/settings/profile")
    await looker.page.get_by_label("E-mail address").fill(email)
    await looker.page.get_by_label("Password").fill(PASSWORD)
    await looker.press("Sign in")


async def _live(stack: ApiStack) -> tuple[str, str]:
    """An account with credits, gifts, and a render that failed; its id and the render's."""
    async with member_of(stack):
        account_id = fill(stack, 2500)
    give(stack, account_id, 300, "Welcome", days=30)
    with stack.database.transaction() as session:
        set_low_balance(session, account_id=account_id, credits=5000)
    project_id = await submit(stack, account_id, "A glass airship drifts over a frozen city")
    stack.time.elapsed_seconds += 60
    stack.settle(project_id, "project", "planning")
    shots = (ClipSnapshot(index=1, status=ClipState.FAILED, attempts=3, error="It was refused."),)
    stack.record(
        project_id,
        status=RenderState.FAILED,
        stage=Stage.FILMING,
        progress=0.4,
        last_error="The video model refused the shot three times.",
        clips=shots,
        warnings=("The local animatic filmed it.",),
    )
    return account_id, project_id


async def test_the_wallet_and_the_prices_can_be_seen_and_read(
    stack: ApiStack, looker: Looker
) -> None:
    await _live(stack)
    await looker.open("/prices")
    await looker.look("prices")
    await _sign_in(looker, EMAIL)
    await looker.open(WALLET)
    await looker.look("wallet")
    await looker.open(f"{WALLET}?view=renders")
    await looker.look("wallet-renders")


async def test_buying_can_be_seen_read_and_led_to_stripes_page(
    stack: ApiStack, looker: Looker
) -> None:
    async with member_of(stack):
        pass
    async with credit_shop(stack) as shop:
        looker.base_url = shop.base_url
        await _sign_in(looker, EMAIL)
        await looker.open(WALLET)
        await looker.look("wallet-empty")
        await looker.page.get_by_label("Or another amount").fill("3")
        await looker.press("Continue to payment")
        await looker.look("wallet-refused")
        await looker.page.get_by_label("Or another amount").fill("30")
        await looker.press("Continue to payment")
        assert looker.page.url.startswith(shop.stripe.url)
        await shop.pay(looker.page.url)
        await shop.told()
        [session] = shop.stripe.books.sessions()
        await looker.open(f"{WALLET}?session_id={session.id}")
        await looker.look("wallet-bought")
        assert await looker.page.get_by_text("Thank you: 3,000 credits").is_visible()


async def test_operators_pages_can_be_seen_and_read(stack: ApiStack, looker: Looker) -> None:
    account_id, project_id = await _live(stack)
    async with operator_of(stack):
        pass
    with stack.database.transaction() as session:
        suspend_account(session, account_id=account_id, now=stack.time.now())
    await _sign_in(looker, OPERATOR)
    await looker.open(RUNS)
    await looker.look("operators-runs")
    await looker.open(f"{RUNS}/{project_id}")
    await looker.look("operators-run")
    await looker.open(ACCOUNTS)
    await looker.look("operators-accounts")
    await looker.open(f"{ACCOUNTS}/{account_id}")
    await looker.page.get_by_label("Credits", exact=True).fill("-5")
    await looker.page.get_by_label("Reason").first.fill("For the outage")
    await looker.press("Give the credits")
    await looker.look("operators-account-refused")
    await looker.page.get_by_label("Credits", exact=True).fill("250")
    await looker.press("Give the credits")
    await looker.look("operators-account")
    await looker.open(AUDIT)
    await looker.look("operators-audit")
    assert id_of(stack, OPERATOR) in await looker.page.content()
