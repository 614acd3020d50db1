"""Keys of the signed-in account: made on their page, or as many as there may be."""

import re

import httpx2

from gateway.services.keys import ACTIVE_KEYS_MAX
from studio.accounts.records import KeyInfo
from studio.accounts.service import issue_key, list_keys
from tests.api.kit import PEPPER, ApiStack
from tests.console.kit import Browser, account_of
from tests.console.page_forms import send_form

KEYS = "/settings/keys"
RENDERS = "/api/agent/renders"
SECRET = re.compile(r"fvs_(?:live|test)_[A-Za-z0-9]{38}")


async def create(browser: Browser, **fields: str | None) -> httpx2.Response:
    return await send_form(browser, KEYS, KEYS, **{"name": "CI", **fields})


def secret_of(answer: httpx2.Response) -> str:
    (secret,) = SECRET.findall(answer.text)
    return str(secret)


def keys_of(stack: ApiStack) -> list[KeyInfo]:
    with stack.database.reading() as session:
        return list_keys(session, account_id=account_of(stack).account_id)


def issue_all_keys(stack: ApiStack) -> None:
    """As many as work at once."""
    account_id, now = account_of(stack).account_id, stack.time.now()
    with stack.database.transaction() as session:
        for number in range(ACTIVE_KEYS_MAX):
            issue_key(
                session,
                account_id=account_id,
                name=f"{number}",
                environment="live",
                peppers=[PEPPER],
                now=now,
            )
