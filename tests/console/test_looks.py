"""The pages of settings in a real browser: as they look, and as assistive programs read them."""

from gateway.console.names import DEFAULTS, KEYS, PROFILE, RESET, SIGN_IN, SIGN_UP
from studio.identity.service import open_reset
from tests.api.kit import ApiStack
from tests.console.kit import EMAIL, PASSWORD, account_of
from tests.console.looking import Looker


def reset_token(stack: ApiStack) -> str:
    with stack.database.transaction() as session:
        account_id = account_of(stack).account_id
        return open_reset(session, account_id=account_id, now=stack.time.now())


async def sign_up(looker: Looker) -> None:
    await looker.open(f"{SIGN_UP}?next={PROFILE}")
    await looker.page.get_by_label("Name").fill("Glass Airship Pictures")
    await looker.page.get_by_label("E-mail address").fill(EMAIL)
    await looker.page.get_by_label("Password").fill(PASSWORD)
    await looker.press("Sign up")


async def create_key(looker: Looker, name: str, **fields: str) -> None:
    await looker.open(KEYS)
    await looker.page.get_by_label("Name").fill(name)
    for label, value in fields.items():
        await looker.page.get_by_label(label.replace("_", " ")).fill(value)
    await looker.press("Create the key")


async def test_the_entrances_can_be_seen_and_read(stack: ApiStack, looker: Looker) -> None:
    await looker.open(SIGN_IN)
    await looker.look("sign-in")
    await looker.open(SIGN_UP)
    await looker.look("sign-up")
    await looker.page.get_by_label("Name").fill("Ada")
    await looker.page.get_by_label("E-mail address").fill("ada@localhost")
    await looker.page.get_by_label("Password").fill("ten letters")
    await looker.press("Sign up")
    await looker.look("sign-up-refused")
    await sign_up(looker)
    await looker.press("Sign out")
    await looker.open(RESET)
    await looker.look("reset")
    await looker.page.get_by_label("E-mail address").fill(EMAIL)
    await looker.press("Send the link")
    await looker.look("reset-sent")
    await looker.open(f"{RESET}/{reset_token(stack)}")
    await looker.look("new-password")


async def test_the_settings_can_be_seen_and_read(looker: Looker) -> None:
    await sign_up(looker)
    await looker.open(PROFILE)
    await looker.look("profile")
    await looker.page.get_by_label("Present password").fill("not the password")
    await looker.page.get_by_label("New password").fill("another long password")
    await looker.press("Change the password")
    await looker.look("profile-refused")
    await looker.open(DEFAULTS)
    await looker.look("defaults")
    await looker.open(KEYS)
    await looker.look("keys-none")


async def test_keys_can_be_seen_and_read(looker: Looker) -> None:
    await sign_up(looker)
    await create_key(
        looker,
        "Build server",
        Requests_a_minute="60",
        Credits_a_month="2500",
        Last_day="2027-01-31",
    )
    await looker.look("key-issued")
    await create_key(looker, "Laptop of Ada, for trying things out")
    await create_key(looker, "Old website")
    await looker.open(KEYS)
    await looker.page.get_by_role("link", name="Revoke Old website").click()
    await looker.look("key-revoke")
    await looker.press("Revoke the key")
    await looker.page.get_by_role("link", name="Rotate Build server").click()
    await looker.look("key-rotate")
    await looker.press("Rotate the key")
    await looker.look("key-rotated")
    await looker.open(KEYS)
    await looker.look("keys")
