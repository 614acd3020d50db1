"""PaymentIntents: created and confirmed with a shared payment token, shown, canceled."""

from http import HTTPStatus
from typing import Final

from runtime.stripe_standin.charging import charge_token
from runtime.stripe_standin.documents import charge_document, intent_document
from runtime.stripe_standin.forms import Form
from runtime.stripe_standin.records import Charge, CheckoutSession, Intent, IntentStatus
from runtime.stripe_standin.refusals import (
    INVALID_REQUEST,
    StripeRefusal,
    invalid,
    no_such,
    unknown,
)
from runtime.stripe_standin.settings import TokenPlace
from runtime.stripe_standin.tokens import currency_of, spendable
from runtime.stripe_standin.versions import is_preview, takes_method_types
from runtime.stripe_standin.wire import Call, Json
from runtime.stripe_standin.work import Work, new_id

AMOUNT_MIN: Final = 50
AMOUNT_MAX: Final = 99_999_999
"""Stripe's least and most for US dollars, in cents (docs.stripe.com/currencies)."""

DESCRIPTION_CHARACTERS_MAX: Final = 1000
CANCELABLE: Final = frozenset(
    {IntentStatus.REQUIRES_PAYMENT_METHOD, IntentStatus.REQUIRES_ACTION, IntentStatus.PROCESSING}
)
CANCELLATION_REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
EXPANDABLE: Final = frozenset({"latest_charge"})

# Stripe knows more: what nobody here sends is refused rather than silently ignored.
PARAMETERS: Final = frozenset(
    {
        "amount",
        "allowed_payment_method_types",
        "automatic_payment_methods",
        "confirm",
        "currency",
        "description",
        "error_on_requires_action",
        "expand",
        "metadata",
        "payment_method_data",
        "payment_method_types",
        "shared_payment_granted_token",
    }
)
_AT_TOP: Final = "shared_payment_granted_token"
_IN_DATA: Final = "payment_method_data[shared_payment_granted_token]"


def create(work: Work, call: Call) -> Json:
    """Make a payment and, with `confirm`, charge its token at once.

    A declined card is a refusal with 402 that carries the payment, which stays behind.
    """
    form = call.form
    amount = checked_amount(form.required_integer("amount"))
    currency = currency_of(form, "currency")
    token_id = _token(call, work.settings.token_place)
    _check_method_types(call)
    redirects = form.choice("automatic_payment_methods[allow_redirects]", ("always", "never"))
    is_automatic = form.flag("automatic_payment_methods[enabled]")
    description = form.text("description")
    if description is not None and len(description) > DESCRIPTION_CHARACTERS_MAX:
        raise invalid("The description is too long.", param="description")
    expands, refuses_action = _expansion(form), form.flag("error_on_requires_action")
    intent_id = new_id("pi")
    intent = Intent(
        id=intent_id,
        created=work.now,
        client_secret=new_id(f"{intent_id}_secret"),
        amount=amount,
        currency=currency,
        metadata=form.metadata(),
        description=description,
        allow_redirects=(redirects or "always") if is_automatic else None,
    )
    if not form.flag("confirm"):
        if token_id is not None:
            raise invalid("A shared payment token needs confirm=true.", param="confirm")
        work.store.put(intent)
        work.tell("payment_intent.created", intent_document(intent, None))
        return intent_document(intent, None)
    if token_id is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            param=None,
            code="payment_intent_unexpected_state",
        )
    token = spendable(work, token_id, amount, currency)
    charged = charge_token(work, intent, token, refuses_action=bool(refuses_action))
    return _shown(work, charged, expands=expands)


def show(work: Work, call: Call) -> Json:
    return _shown(work, _named(work, call), expands=_expansion(call.form))


def cancel(work: Work, call: Call) -> Json:
    reason = call.form.choice("cancellation_reason", CANCELLATION_REASONS)
    intent = _named(work, call)
    if intent.status not in CANCELABLE:
        raise StripeRefusal(
            HTTPStatus.BAD_REQUEST,
            INVALID_REQUEST,
            "You cannot cancel this PaymentIntent because it has a status of "
            f"{intent.status.value}.",
            code="payment_intent_unexpected_state",
            details={"payment_intent": _shown(work, intent)},
            executed=True,
        )
    canceled = intent.model_copy(
        update={
            "status": IntentStatus.CANCELED,
            "canceled_at": work.now,
            "cancellation_reason": reason,
        }
    )
    work.store.put(canceled)
    document = _shown(work, canceled)
    work.tell("payment_intent.canceled", document)
    return document


def show_charge(work: Work, call: Call) -> Json:
    charge = work.store.get(Charge, call.parts["id"])
    if charge is None:
        raise no_such("charge", call.parts["id"], "id", status=HTTPStatus.NOT_FOUND)
    return charge_document(charge)


def session_intent(work: Work, session: CheckoutSession) -> Intent:
    """The payment of a session, made when somebody tries to pay for the first time."""
    known = work.store.get(Intent, session.intent_id) if session.intent_id else None
    if known is not None:
        return known
    intent_id = new_id("pi")
    intent = Intent(
        id=intent_id,
        created=work.now,
        client_secret=new_id(f"{intent_id}_secret"),
        amount=session.amount,
        currency=session.currency,
        metadata=session.payment_metadata,
        description=session.payment_description,
        allow_redirects=None,
        session_id=session.id,
    )
    work.store.put(intent)
    work.tell("payment_intent.created", intent_document(intent, None))
    return intent


def with_charge(work: Work, intent: Intent) -> Json:
    return _shown(work, intent)


def _shown(work: Work, intent: Intent, *, expands: bool = False) -> Json:
    charge = work.store.get(Charge, intent.charge_id) if intent.charge_id else None
    document = intent_document(intent, charge)
    if expands and charge is not None:
        document["latest_charge"] = charge_document(charge)
    return document


def _named(work: Work, call: Call) -> Intent:
    intent = work.store.get(Intent, call.parts["id"])
    if intent is None:
        raise no_such("payment_intent", call.parts["id"], "intent", status=HTTPStatus.NOT_FOUND)
    return intent


def checked_amount(amount: int, *, param: str | None = "amount") -> int:
    """An amount that Stripe charges, else its refusal."""
    if amount < AMOUNT_MIN:
        message = "Amount must be at least $0.50 usd"
        raise invalid(message, param=param, code="amount_too_small")
    if amount > AMOUNT_MAX:
        message = "Amount must be no more than $999,999.99"
        raise invalid(message, param=param, code="amount_too_large")
    return amount


def _token(call: Call, place: TokenPlace) -> str | None:
    """The token's id, from where this server takes it."""
    form = call.form
    at_top, in_data = form.text(_AT_TOP), form.text(_IN_DATA)
    if at_top and (place is TokenPlace.PAYMENT_METHOD_DATA or not is_preview(call.version)):
        raise unknown(_AT_TOP)
    if in_data and (place is TokenPlace.TOP_LEVEL or not is_preview(call.version)):
        raise unknown(_IN_DATA)
    if at_top and in_data:
        raise invalid("Name the shared payment token once.", param=_IN_DATA)
    return at_top or in_data


def _check_method_types(call: Call) -> None:
    form = call.form
    if form.listed("payment_method_types") and not takes_method_types(call.version):
        raise invalid(
            "The payment_method_types parameter is no longer supported. Use dynamic payment "
            "methods or allowed_payment_method_types.",
            param="payment_method_types",
            code="payment_method_types_no_longer_supported",
        )
    given = [
        name
        for name in ("allowed_payment_method_types", "payment_method_types")
        if form.listed(name)
    ]
    if form.flag("automatic_payment_methods[enabled]"):
        given.append("automatic_payment_methods")
    if len(given) > 1:
        raise invalid(f"You may only specify one of: {', '.join(given)}.", param=given[0])


def _expansion(form: Form) -> bool:
    wished = form.listed("expand")
    for name in wished:
        if name not in EXPANDABLE:
            raise invalid(f"This property cannot be expanded ({name}).", param="expand")
    return bool(wished)
