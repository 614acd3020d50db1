"""Operators and customers, each in a browser of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from studio.accounts.service import AccountRole, set_role
from studio.identity.service import find_login
from studio.operators.service import OperatorAction, list_actions
from tests.api.kit import ApiStack
from tests.console.kit import Browser, member_of

OPERATOR = "operator@example.com"
ACCOUNTS = "/operators/accounts"
RUNS = "/operators/runs"
AUDIT = "/operators/audit"


def id_of(stack: ApiStack, email: str) -> str:
    with stack.database.reading() as session:
        login = find_login(session, email=email)
    assert login is not None
    return login.account_id


def make_operator(stack: ApiStack, email: str, *, role: AccountRole = AccountRole.OPERATOR) -> None:
    account_id = id_of(stack, email)
    with stack.database.transaction() as session:
        set_role(session, account_id=account_id, role=role)


@asynccontextmanager
async def operator_of(stack: ApiStack, email: str = OPERATOR) -> AsyncIterator[Browser]:
    """A browser whose owner is an operator."""
    async with member_of(stack, email) as browser:
        make_operator(stack, email)
        yield browser


def acts_of(stack: ApiStack) -> list[OperatorAction]:
    """What operators did, newest first."""
    with stack.database.reading() as session:
        return list(list_actions(session, limit=100).actions)
