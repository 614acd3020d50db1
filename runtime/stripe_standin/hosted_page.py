"""The page that customers pay at: one form, without a script.

It stands for checkout.stripe.com: whoever knows a session's id may pay it or go back. The numbers
are Stripe's own test cards (docs.stripe.com/testing).
"""

from html import escape
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from runtime.stripe_standin.engine import Standin
from runtime.stripe_standin.forms import Form
from runtime.stripe_standin.records import CheckoutSession, SessionStatus
from runtime.stripe_standin.session_documents import PAGE_PATH
from runtime.stripe_standin.sessions import success_address

BODY_BYTES_MAX: Final = 4096
CARD: Final = "card"
CARD_NUMBERS: Final = {
    "4242424242424242": "pm_card_visa",
    "4000056655665556": "pm_card_visa_debit",
    "5555555555554444": "pm_card_mastercard",
    "378282246310005": "pm_card_amex",
    "6011111111111117": "pm_card_discover",
    "4000000000000077": "pm_card_bypassPending",
    "4000002760003184": "pm_card_authenticationRequired",
    "4000000000000002": "pm_card_chargeDeclined",
    "4000000000009995": "pm_card_chargeDeclinedInsufficientFunds",
    "4000000000009987": "pm_card_chargeDeclinedLostCard",
    "4000000000009979": "pm_card_chargeDeclinedStolenCard",
    "4100000000000019": "pm_card_chargeDeclinedFraudulent",
    "4000000000000069": "pm_card_chargeDeclinedExpiredCard",
    "4000000000000127": "pm_card_chargeDeclinedIncorrectCvc",
    "4000000000000119": "pm_card_chargeDeclinedProcessingError",
    "4000000000006975": "pm_card_chargeDeclinedVelocityLimitExceeded",
    "4000000000000259": "pm_card_createDispute",
    "4000000000002685": "pm_card_createDisputeProductNotReceived",
    "4000000000005126": "pm_card_refundFail",
    "4000000000007726": "pm_card_pendingRefund",
}
OTHER_METHODS: Final = {
    "pm_link": "Link",
    "pm_usBankAccount_success": "US bank account (arrives later)",
    "pm_usBankAccount_accountClosed": "US bank account (is closed: comes back later)",
}
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""No `form-action`: a browser would apply it to the way back to the seller as well."""


def hosted_routes(standin: Standin) -> list[Route]:
    page = HostedPage(standin)
    path = f"{PAGE_PATH}/{{id}}"
    return [Route(path, page.show, methods=["GET"]), Route(path, page.pay, methods=["POST"])]


class HostedPage:
    def __init__(self, standin: Standin) -> None:
        self._standin = standin

    async def show(self, request: Request) -> Response:
        session = self._standin.session(request.path_params["id"])
        if session is None:
            return _page(HTTPStatus.NOT_FOUND, "<p>There is no such purchase.</p>")
        return _answer(session)

    async def pay(self, request: Request) -> Response:
        session = self._standin.session(request.path_params["id"])
        if session is None:
            return _page(HTTPStatus.NOT_FOUND, "<p>There is no such purchase.</p>")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return _page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "<p>That is too much.</p>")
        method = _method(Form.parse(bytes(body)))
        if method is None:
            return _answer(session, "Your card number is invalid.")
        return _answer(*self._standin.pay(session.id, method))


def _method(form: Form) -> str | None:
    """The test payment method that the form names."""
    chosen = form.text("payment_method") or CARD
    if chosen == CARD:
        number = form.text("card_number") or ""
        return CARD_NUMBERS.get("".join(number.split()))
    return chosen if chosen in OTHER_METHODS else None


def _answer(session: CheckoutSession, refusal: str | None = None) -> Response:
    if session.status is SessionStatus.COMPLETE:
        return RedirectResponse(success_address(session), HTTPStatus.SEE_OTHER, HEADERS)
    if session.status is SessionStatus.EXPIRED:
        return _page(HTTPStatus.GONE, f"<p>This purchase has expired.</p>{_back(session)}")
    status = HTTPStatus.OK if refusal is None else HTTPStatus.PAYMENT_REQUIRED
    return _page(status, _form(session, refusal))


def _form(session: CheckoutSession, refusal: str | None) -> str:
    items = "".join(
        f"<li>{escape(item.name)} x {item.quantity}: {_money(item.amount, session.currency)}</li>"
        for item in session.items
    )
    others = "".join(
        f'<option value="{name}">{label}</option>' for name, label in OTHER_METHODS.items()
    )
    alert = f'<p role="alert">{escape(refusal)}</p>' if refusal else ""
    return (
        f"<ul>{items}</ul><p>Total: <strong>{_money(session.amount, session.currency)}</strong></p>"
        f'{alert}<form method="post"><p><label for="payment_method">Pay with</label> '
        f'<select id="payment_method" name="payment_method"><option value="{CARD}">Card</option>'
        f'{others}</select></p><p><label for="card_number">Card number</label> <input '
        'id="card_number" name="card_number" value="4242 4242 4242 4242" inputmode="numeric" '
        'autocomplete="off"></p>'
        f'<p><button type="submit">Pay</button></p></form>{_back(session)}'
    )


def _back(session: CheckoutSession) -> str:
    if session.cancel_url is None:
        return ""
    return f'<p><a href="{escape(session.cancel_url)}">Back</a></p>'


def _money(cents: int, currency: str) -> str:
    return f"{cents // 100}.{cents % 100:02} {escape(currency.upper())}"


def _page(status: HTTPStatus, content: str) -> Response:
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pay (stand-in)</title>'
        '<meta name="viewport" content="width=device-width"></head><body><main>'
        f"<h1>Pay</h1><p>A local stand-in of Stripe: no money moves.</p>{content}"
        "</main></body></html>",
        status,
        HEADERS,
    )
