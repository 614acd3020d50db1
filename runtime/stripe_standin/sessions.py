"""Checkout sessions: made, shown, listed, paid at the hosted page, expired.

Source: docs.stripe.com/api/checkout/sessions, of `mode=payment` with prices made on the spot.
"""

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from runtime.stripe_standin.charging import charge
from runtime.stripe_standin.documents import list_document
from runtime.stripe_standin.forms import Form
from runtime.stripe_standin.intents import checked_amount, session_intent, with_charge
from runtime.stripe_standin.records import (
    CheckoutSession,
    Intent,
    IntentStatus,
    LineItem,
    Payer,
    SessionStatus,
    Turn,
)
from runtime.stripe_standin.refusals import (
    INVALID_REQUEST,
    StripeRefusal,
    invalid,
    missing,
    no_such,
    unknown,
)
from runtime.stripe_standin.searching import page_of
from runtime.stripe_standin.session_documents import session_document
from runtime.stripe_standin.tokens import currency_of
from runtime.stripe_standin.wire import Call, Json
from runtime.stripe_standin.work import Work, new_id

LIFETIME_SECONDS_MIN: Final = 30 * 60
LIFETIME_SECONDS_MAX: Final = 24 * 3600
"""Also how long a session lives that names no end."""
ITEMS_MAX: Final = 100
REFERENCE_CHARACTERS_MAX: Final = 200
URL_CHARACTERS_MAX: Final = 5000

SESSION_ID: Final = "{CHECKOUT_SESSION_ID}"
"""What the success URL may have in it: the session's id takes its place."""

# Stripe knows more: what nobody here sends is refused rather than silently ignored.
PARAMETERS: Final = frozenset(
    {
        "adaptive_pricing",
        "cancel_url",
        "client_reference_id",
        "customer_email",
        "expand",
        "expires_at",
        "line_items",
        "metadata",
        "mode",
        "payment_intent_data",
        "success_url",
    }
)
LIST_PARAMETERS: Final = frozenset(
    {"created", "ending_before", "limit", "payment_intent", "starting_after", "status"}
)
_ITEM: Final = re.compile(r"line_items\[(\d{1,3})\]\[(.+)\]")
_ITEM_PARTS: Final = frozenset(
    {
        "quantity",
        "price_data][currency",
        "price_data][unit_amount",
        "price_data][product_data][name",
    }
)


def create(work: Work, call: Call) -> Json:
    form = call.form
    if form.choice("mode", ("payment",)) is None:
        raise missing("mode")
    reference = form.text("client_reference_id")
    if reference is not None and len(reference) > REFERENCE_CHARACTERS_MAX:
        raise invalid("The reference is too long.", param="client_reference_id")
    success_url = _url(form, "success_url")
    if success_url is None:
        raise missing("success_url")
    currency, items = _items(form)
    adaptive = form.flag("adaptive_pricing[enabled]")
    session = CheckoutSession(
        id=new_id("cs_test"),
        created=work.now,
        items=items,
        currency=currency,
        metadata=form.metadata(),
        client_reference_id=reference,
        customer_email=form.text("customer_email"),
        success_url=success_url,
        cancel_url=_url(form, "cancel_url"),
        expires_at=_end(form, work.now),
        has_adaptive_pricing=adaptive is not False,
        payment_metadata=form.metadata("payment_intent_data[metadata]"),
        payment_description=form.text("payment_intent_data[description]"),
    )
    checked_amount(session.amount, param=None)
    work.store.put(session)
    work.later(Turn.SESSION_EXPIRES, session.id, due_at=session.expires_at)
    return _shown(work, session, form)


def show(work: Work, call: Call) -> Json:
    return _shown(work, _named(work, call), call.form)


def list_sessions(work: Work, call: Call) -> Json:
    intent_id = call.form.text("payment_intent")
    status = call.form.choice("status", tuple(SessionStatus))
    fitting = [
        session
        for session in work.store.all(CheckoutSession)
        if intent_id in {None, session.intent_id} and status in {None, session.status}
    ]
    sessions, has_more = page_of(fitting, call.form)
    documents = [_document(work, session) for session in sessions]
    return list_document(documents, url="/v1/checkout/sessions", has_more=has_more)


def expire(work: Work, call: Call) -> Json:
    session = _named(work, call)
    if session.status is not SessionStatus.OPEN:
        raise StripeRefusal(
            HTTPStatus.BAD_REQUEST,
            INVALID_REQUEST,
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session.status.value}`.",
            executed=True,
        )
    return _document(work, end(work, session))


def end(work: Work, session: CheckoutSession) -> CheckoutSession:
    """Nobody can pay it any more."""
    ended = session.model_copy(update={"status": SessionStatus.EXPIRED})
    work.store.put(ended)
    work.tell("checkout.session.expired", _document(work, ended))
    return ended


def pay(work: Work, session: CheckoutSession, method: str) -> str | None:
    """Pay an open session as its customer does; why it was declined, else None.

    Who has to confirm a payment does so at the page. Paid in good order, a session stays as it is.
    """
    if session.status is not SessionStatus.OPEN:
        return None
    intent = session_intent(work, session)
    session = session.model_copy(update={"intent_id": intent.id})
    payer = Payer(id=new_id("payer"), created=work.now, method=method, method_id=new_id("pm"))
    try:
        intent = charge(work, intent, payer, payer.payment_method.decline)
    except StripeRefusal as refusal:
        work.store.put(session)
        return refusal.message
    paid = session.model_copy(
        update={
            "status": SessionStatus.COMPLETE,
            "is_paid": intent.status is IntentStatus.SUCCEEDED,
        }
    )
    work.store.put(paid)
    work.tell("checkout.session.completed", _document(work, paid))
    return None


def payment_turned(work: Work, intent: Intent) -> None:
    """A delayed payment has arrived or come back: tell it of its session, if it has one."""
    session = work.store.get(CheckoutSession, intent.session_id) if intent.session_id else None
    if session is None:
        return
    arrived = intent.status is IntentStatus.SUCCEEDED
    turned = session.model_copy(update={"is_paid": arrived})
    work.store.put(turned)
    outcome = "succeeded" if arrived else "failed"
    work.tell(f"checkout.session.async_payment_{outcome}", _document(work, turned))


def success_address(session: CheckoutSession) -> str:
    """Where the customer goes who has paid."""
    return session.success_url.replace(SESSION_ID, session.id)


def _named(work: Work, call: Call) -> CheckoutSession:
    session = work.store.get(CheckoutSession, call.parts["id"])
    if session is None:
        name = call.parts["id"]
        raise no_such("checkout.session", name, "session", status=HTTPStatus.NOT_FOUND)
    return session


def _document(work: Work, session: CheckoutSession) -> Json:
    return session_document(session, work.settings.url)


def _shown(work: Work, session: CheckoutSession, form: Form) -> Json:
    document = _document(work, session)
    for name in form.listed("expand"):
        if name != "payment_intent":
            raise invalid(f"This property cannot be expanded ({name}).", param="expand")
        intent = work.store.get(Intent, session.intent_id) if session.intent_id else None
        document["payment_intent"] = with_charge(work, intent) if intent else None
    return document


def _items(form: Form) -> tuple[str, tuple[LineItem, ...]]:
    """The currency of all items, and what is bought."""
    found = [_ITEM.fullmatch(key) for key, _ in form.pairs if key.startswith("line_items")]
    for match in found:
        if match is None or match[2] not in _ITEM_PARTS:
            raise unknown(match[0] if match else "line_items")
    numbers = sorted({int(match[1]) for match in found if match})
    if not numbers:
        raise missing("line_items")
    if len(numbers) > ITEMS_MAX:
        raise invalid(f"Up to {ITEMS_MAX} line items are supported.", param="line_items")
    currencies = {currency_of(form, f"line_items[{n}][price_data][currency]") for n in numbers}
    if len(currencies) > 1:
        raise invalid("All prices must have the same currency.", param="line_items")
    return currencies.pop(), tuple(_item(form, f"line_items[{number}]") for number in numbers)


def _item(form: Form, name: str) -> LineItem:
    amount = form.required_integer(f"{name}[price_data][unit_amount]")
    quantity = form.required_integer(f"{name}[quantity]")
    if amount < 0 or quantity < 1:
        raise invalid("Invalid non-negative integer", param=name, code="parameter_invalid_integer")
    product = form.required(f"{name}[price_data][product_data][name]")
    return LineItem(name=product, amount=amount, quantity=quantity)


def _url(form: Form, name: str) -> str | None:
    address = form.text(name)
    if address is None:
        return None
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise invalid("Not a valid URL", param=name, code="url_invalid")
    if len(address) > URL_CHARACTERS_MAX:
        raise invalid("The URL is too long.", param=name, code="url_invalid")
    return address


def _end(form: Form, now: int) -> int:
    at = form.integer("expires_at")
    if at is None:
        return now + LIFETIME_SECONDS_MAX
    if not now + LIFETIME_SECONDS_MIN <= at <= now + LIFETIME_SECONDS_MAX:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout "
            "Session creation.",
            param="expires_at",
        )
    return at
