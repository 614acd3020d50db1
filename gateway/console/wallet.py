"""The wallet: what there is, buying more of it, and what became of it."""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.console.forms import Form, WrongFields, form_id_of, new_form_id, whole_number
from gateway.console.lists import CursorText, list_address
from gateway.console.names import WALLET
from gateway.console.site import Site, see_other
from gateway.console.visitors import Member
from gateway.services.wallets import SpentRender, StatementEntry, WalletView
from studio.accounts.errors import AccountSuspended
from studio.contracts.errors import StudioError
from studio.contracts.purchase import CheckoutUnavailable
from studio.topups.errors import InvalidTopUp, TopUpError
from studio.topups.records import CREDITS_PER_DOLLAR, DOLLARS_MAX, DOLLARS_MIN, TopUpView
from studio.topups.tables import TopUpState

BUY: Final = f"{WALLET}/buy"
PAGE_LENGTH: Final = 50
PURCHASES_SHOWN: Final = 10
SESSION_LENGTH_MAX: Final = 200
"""Stripe's have 66 characters."""
CHOICES: Final = (10, 25, 50, 100)
"""In dollars: two, five, ten and twenty of the reference's three-shot films."""
CHOSEN_FIRST: Final = "25"
TURNED_BACK: Final = "You turned back from the payment: nothing was charged."
_ABOUT: Final[dict[type[StudioError], str]] = {InvalidTopUp: "dollars"}

View = Literal["movements", "renders"]


@dataclass(frozen=True)
class Movement:
    """What happened at one moment to the credits of one render, or what is of none."""

    entries: tuple[StatementEntry, ...]

    @property
    def change_available(self) -> int:
        return sum(entry.line.change_available for entry in self.entries)


@dataclass(frozen=True)
class ShownWallet:
    """What the page shows, whatever is typed into it; of the statement, one of two views."""

    wallet: WalletView
    purchases: list[TopUpView]
    sells: bool
    form_id: str
    view: View
    movements: list[Movement]
    renders: tuple[SpentRender, ...]
    newest: str
    older: str
    choices: tuple[int, ...] = CHOICES
    dollars_min: int = DOLLARS_MIN
    dollars_max: int = DOLLARS_MAX
    credits_per_dollar: int = CREDITS_PER_DOLLAR


def add_wallet(router: APIRouter, site: Site) -> None:
    @router.get(WALLET)
    async def show_wallet(
        request: Request,
        view: View = "movements",
        cursor: CursorText = "",
        session_id: Annotated[str, Query(max_length=SESSION_LENGTH_MAX)] = "",
        canceled: Annotated[str, Query(max_length=10)] = "",
    ) -> Response:
        member = await site.visitors.member(request)
        told = TURNED_BACK if canceled else None
        if session_id:
            account_id = member.account.account_id
            told = _told(await site.gateway.top_ups.finish(account_id, session_id))
        return site.page(
            member,
            "wallet.html",
            faults={},
            told=told,
            typed={"choice": CHOSEN_FIRST, "dollars": ""},
            shown=await _shown(site, member, view, cursor),
        )

    @router.post(BUY)
    async def buy_credits(request: Request) -> Response:
        member = await site.visitors.member(request)
        form = await site.form(request, member, "form_id", "choice", "dollars")
        gateway = site.gateway
        if not gateway.top_ups.is_open:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        try:
            member.principal.require_active()
            dollars = _dollars(form)
            # Whoever comes back and takes another amount means another purchase.
            page = await gateway.top_ups.start(
                member.account.account_id,
                dollars=dollars,
                form_id=f"{form_id_of(form)}-{dollars}",
                wallet_url=f"{gateway.hosts.base_url(request.scope)}{WALLET}",
            )
        except (WrongFields, AccountSuspended, TopUpError, CheckoutUnavailable) as error:
            return site.again(
                member,
                "wallet.html",
                error,
                _ABOUT,
                told=None,
                typed=form,
                shown=await _shown(site, member),
            )
        return see_other(page)


def _dollars(form: Form) -> int:
    """An amount that was typed counts before one that was chosen. Raises WrongFields."""
    typed = whole_number(form, "dollars", highest=DOLLARS_MAX)
    if typed is not None:
        return typed
    chosen = {str(dollars): dollars for dollars in CHOICES}.get(form["choice"])
    if chosen is None:
        raise WrongFields({"dollars": "Choose an amount, or type one in whole dollars."})
    return chosen


def _told(purchase: TopUpView) -> str:
    """What became of a purchase, to whoever comes back from paying it."""
    if purchase.state is TopUpState.PAID:
        return f"Thank you: {purchase.credits:,} credits are in your wallet."
    if purchase.state is TopUpState.OPEN:
        return (
            "Your payment is not confirmed yet. Its credits come by themselves as soon as it is; "
            "load this page again to see them."
        )
    return "This purchase was not paid: nothing was charged."


async def _shown(
    site: Site, member: Member, view: View = "movements", cursor: str = ""
) -> ShownWallet:
    gateway, account_id = site.gateway, member.account.account_id

    def owner(_session: Session) -> str:
        return account_id

    wallets, after = gateway.wallets, cursor or None
    entries: tuple[StatementEntry, ...] = ()
    renders: tuple[SpentRender, ...] = ()
    if view == "movements":
        statement = await wallets.statement(owner, limit=PAGE_LENGTH, cursor=after)
        entries, following = statement.entries, statement.next_cursor
    else:
        spending = await wallets.spending(owner, limit=PAGE_LENGTH, cursor=after)
        renders, following = spending.renders, spending.next_cursor
    return ShownWallet(
        wallet=await wallets.look(owner),
        purchases=await gateway.top_ups.list(account_id, limit=PURCHASES_SHOWN),
        sells=gateway.top_ups.is_open,
        form_id=new_form_id(),
        view=view,
        movements=_movements(entries),
        renders=renders,
        newest=_address(view) if cursor else "",
        older=_address(view, following) if following else "",
    )


def _movements(entries: tuple[StatementEntry, ...]) -> list[Movement]:
    """Lines of a moment have no order of their own; a receipt's ids give them one."""
    together = groupby(entries, key=lambda each: (each.line.created_at, each.line.subject))
    return [
        Movement(tuple(sorted(group, key=lambda each: each.line.line_id or "")))
        for _, group in together
    ]


def _address(view: View, cursor: str = "") -> str:
    return f"{list_address(WALLET, {'view': view, 'cursor': cursor})}#statement"
