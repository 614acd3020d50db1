"""Every account: finding one, all that is known of it, and what operators do to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gateway.console.forms import (
    Form,
    WrongFields,
    day_end,
    form_id_of,
    new_form_id,
    whole_number,
)
from gateway.console.lists import CursorText, list_address, wanted_text
from gateway.console.names import OPERATOR_ACCOUNTS
from gateway.console.operators import PAGE_LENGTH, WantedText, operator
from gateway.console.site import Site, see_other
from gateway.console.visitors import Member
from gateway.services.account_search import AccountWish
from gateway.services.operator_acts import Act
from gateway.services.operators import AccountFile, InvalidAct
from studio.contracts.errors import StudioError
from studio.ledger.errors import IdempotencyConflict, InvalidExpiry
from studio.ledger.wallets import TRANSFER_CREDITS_MAX

AccountId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Standing = Literal["", "active", "suspended"]
GRANT_FIELDS: Final = ("credits", "reason", "expires_on")
SUSPENSION_FIELDS: Final = ("standing_reason",)
DONE: Final = {
    "grant": "The credits are in the wallet.",
    "suspend": "The account is suspended.",
    "resume": "The suspension has ended.",
}
_ONE: Final = OPERATOR_ACCOUNTS + "/{account_id}"
_STANDINGS: Final[dict[Standing, bool | None]] = {"": None, "active": False, "suspended": True}
_NOTHING_TYPED: Final = dict.fromkeys((*GRANT_FIELDS, *SUSPENSION_FIELDS), "")


@dataclass(frozen=True)
class ShownAccount:
    """What the page of an account shows, and the id of its forms."""

    file: AccountFile
    form_id: str
    now: datetime


def add_operator_accounts(router: APIRouter, site: Site) -> None:
    _add_search(router, site)
    _add_page(router, site)
    _add_grant(router, site)
    for name in ("suspend", "resume"):
        _add_standing(router, site, name)


def _add_search(router: APIRouter, site: Site) -> None:
    @router.get(OPERATOR_ACCOUNTS)
    async def search_accounts(
        request: Request, q: WantedText = "", standing: Standing = "", cursor: CursorText = ""
    ) -> Response:
        member = await operator(site, request)
        wanted = {"q": wanted_text(q), "standing": standing}
        wish = AccountWish(text=wanted["q"], is_suspended=_STANDINGS[standing])
        page = await site.gateway.operators.accounts(wish, limit=PAGE_LENGTH, cursor=cursor or None)
        older = {**wanted, "cursor": page.next_cursor or ""}
        return site.page(
            member,
            "operator_accounts.html",
            accounts=page.accounts,
            wanted=wanted,
            newest=list_address(OPERATOR_ACCOUNTS, wanted) if cursor else "",
            older=list_address(OPERATOR_ACCOUNTS, older) if page.next_cursor else "",
        )


def _add_page(router: APIRouter, site: Site) -> None:
    @router.get(_ONE)
    async def show_account(
        request: Request,
        account_id: AccountId,
        done: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        member = await operator(site, request)
        return site.page(
            member,
            "operator_account.html",
            faults={},
            typed=_NOTHING_TYPED,
            done=DONE.get(done),
            shown=await _shown(site, account_id),
        )


def _add_grant(router: APIRouter, site: Site) -> None:
    @router.post(_ONE + "/grant")
    async def grant_credits(request: Request, account_id: AccountId) -> Response:
        member = await operator(site, request)
        form = await site.form(request, member, "form_id", *GRANT_FIELDS)
        try:
            await site.gateway.operators.grant(
                _act(site, member, form, "reason"),
                account_id,
                credits=_credits(form),
                expires_at=day_end(form, "expires_on"),
            )
        except (WrongFields, InvalidAct, InvalidExpiry, IdempotencyConflict) as error:
            return await _again(site, member, account_id, form, error, about="reason")
        return see_other(f"{OPERATOR_ACCOUNTS}/{account_id}?done=grant")


def _add_standing(router: APIRouter, site: Site, name: str) -> None:
    @router.post(f"{_ONE}/{name}", name=name)
    async def change_standing(request: Request, account_id: AccountId) -> Response:
        member = await operator(site, request)
        form = await site.form(request, member, "form_id", *SUSPENSION_FIELDS)
        operators = site.gateway.operators
        change = operators.suspend if name == "suspend" else operators.resume
        try:
            await change(_act(site, member, form, "standing_reason"), account_id)
        except InvalidAct as error:
            return await _again(site, member, account_id, form, error, about="standing_reason")
        return see_other(f"{OPERATOR_ACCOUNTS}/{account_id}?done={name}")


def _credits(form: Form) -> int:
    """Raises WrongFields: here nothing is no answer."""
    try:
        credits = whole_number(form, "credits", highest=TRANSFER_CREDITS_MAX)
    except WrongFields:
        credits = None
    if credits is None:
        raise WrongFields(
            {"credits": f"Give a whole number of credits, from 1 to {TRANSFER_CREDITS_MAX:,}."}
        )
    return credits


def _act(site: Site, member: Member, form: Form, reason: str) -> Act:
    operator_id = member.account.account_id
    return site.gateway.operators.act(operator_id, form_id=form_id_of(form), reason=form[reason])


async def _again(
    site: Site, member: Member, account_id: str, form: Form, error: StudioError, *, about: str
) -> Response:
    return site.again(
        member,
        "operator_account.html",
        error,
        {InvalidAct: about, InvalidExpiry: "expires_on"},
        typed={**_NOTHING_TYPED, **form},
        done=None,
        shown=await _shown(site, account_id),
    )


async def _shown(site: Site, account_id: str) -> ShownAccount:
    gateway = site.gateway
    file = await gateway.operators.account(account_id)
    return ShownAccount(file, form_id=new_form_id(), now=gateway.clock.now())
