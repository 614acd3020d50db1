"""Owners are written to once when their credits run low."""

from studio.accounts.service import set_low_balance
from studio.identity.service import create_login
from studio.ledger.service import top_up, wallet_id
from tests.api.kit import BRIEF, ApiStack

RENDERS = "/api/agent/renders"
EMAIL = "ada@example.com"
LOW = "Your credits are running low"
PRICE = 118


def watch(stack: ApiStack, *, below: int, email: str | None = EMAIL) -> None:
    """Have the owner told."""
    with stack.database.transaction() as session:
        set_low_balance(session, account_id="acct_one", credits=below)
        if email is not None:
            create_login(
                session,
                account_id="acct_one",
                email=email,
                password_hash="",
                now=stack.time.now(),
            )


async def submit(stack: ApiStack, key: str, times: int) -> None:
    async with stack.client(key) as client:
        for _ in range(times):
            assert (await client.post(RENDERS, json=BRIEF)).status_code == 201


async def test_the_render_that_makes_the_balance_low_is_written_of_and_no_later_one(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    watch(stack, below=1000 - PRICE)
    await submit(stack, key, 1)
    assert stack.mailer.sent == []
    await submit(stack, key, 2)

    assert stack.mailer.subjects(EMAIL) == [LOW]
    assert f"{1000 - 2 * PRICE} credits" in stack.mailer.sent[0].text


async def test_a_balance_that_was_high_again_is_written_of_again(stack: ApiStack) -> None:
    stack.configure(active_renders_max=9)
    key = stack.open_account()
    watch(stack, below=1000)
    await submit(stack, key, 1)
    with stack.database.transaction() as session:
        wallet = wallet_id("acct_one")
        top_up(session, wallet=wallet, credits=2 * PRICE, reference="more", now=stack.time.now())
    await submit(stack, key, 1)
    assert stack.mailer.subjects(EMAIL) == [LOW]
    await submit(stack, key, 1)

    assert stack.mailer.subjects(EMAIL) == [LOW, LOW]


async def test_an_account_for_keys_alone_has_nobody_to_write_to(stack: ApiStack) -> None:
    key = stack.open_account()
    watch(stack, below=1000, email=None)
    await submit(stack, key, 1)

    assert stack.mailer.sent == []


async def test_test_credits_are_no_reason_to_write(stack: ApiStack) -> None:
    key = stack.open_account(environment="test", credits_=0)
    watch(stack, below=1_000_000)
    await submit(stack, key, 1)

    assert stack.mailer.sent == []


async def test_a_mail_server_that_is_away_keeps_no_film_from_being_made(stack: ApiStack) -> None:
    key = stack.open_account()
    watch(stack, below=1000)
    stack.mailer.away = True
    await submit(stack, key, 1)

    assert len(stack.workflows.started) == 1
