"""Shared payment tokens: minted, shown, revoked, spent."""

from http import HTTPStatus
from typing import Final

from runtime.stripe_standin.documents import token_document
from runtime.stripe_standin.forms import Form
from runtime.stripe_standin.payment_methods import find_method
from runtime.stripe_standin.records import Token
from runtime.stripe_standin.refusals import StripeRefusal, invalid, no_route, no_such
from runtime.stripe_standin.versions import is_preview
from runtime.stripe_standin.wire import Call, Json
from runtime.stripe_standin.work import Work, new_id

CURRENCY_LETTERS: Final = 3
PARAMETERS: Final = frozenset(
    {
        "customer",
        "expand",
        "metadata",
        "payment_method",
        "seller_details",
        "shared_metadata",
        "usage_limits",
    }
)


def mint(work: Work, call: Call) -> Json:
    """What an agent does when it grants a seller a token; Stripe has it for tests only."""
    _check_version(call)
    form = call.form
    method = form.required("payment_method")
    currency = currency_of(form, "usage_limits[currency]")
    max_amount = form.required_integer("usage_limits[max_amount]")
    if max_amount < 1:
        raise invalid("Invalid positive integer", param="usage_limits[max_amount]")
    expires_at = form.integer("usage_limits[expires_at]")
    if expires_at is not None and expires_at <= work.now:
        raise invalid("Timestamp must be in the future.", param="usage_limits[expires_at]")
    if find_method(method) is None:
        raise no_such("PaymentMethod", method, "payment_method", status=HTTPStatus.BAD_REQUEST)
    token = Token(
        id=new_id("spt"),
        created=work.now,
        method=method,
        method_id=new_id("pm"),
        currency=currency,
        max_amount=max_amount,
        expires_at=expires_at,
        network_id=(
            form.text("seller_details[network_id]")
            or form.text("seller_details[network_business_profile]")
        ),
        metadata=form.metadata("shared_metadata") | form.metadata(),
    )
    work.store.put(token)
    return token_document(token)


def show(work: Work, call: Call) -> Json:
    _check_version(call)
    return token_document(_named(work, call))


def revoke(work: Work, call: Call) -> Json:
    """A token that is no longer good stays what it is."""
    _check_version(call)
    token = _named(work, call)
    if token.deactivated_at is None:
        token = deactivated(token, "revoked", work.now)
        work.store.put(token)
    return token_document(token)


def spendable(work: Work, token_id: str, amount: int, currency: str) -> Token:
    """The token if it is good for a payment of this amount now, else Stripe's refusal.

    What Stripe says of each is not published: the sentences and the codes but `resource_missing`
    are ours.
    """
    param = "shared_payment_granted_token"
    found = work.store.get(Token, token_id)
    if found is None:
        raise no_such("shared payment token", masked(token_id), param, status=400)
    token = found.at(work.now)
    if token.deactivated_reason is not None:
        message = f"The shared payment token is deactivated: {token.deactivated_reason}."
        raise _refused(message, f"shared_payment_token_{token.deactivated_reason}")
    network_id = work.settings.network_id
    if network_id and token.network_id and token.network_id != network_id:
        raise no_such("shared payment token", masked(token_id), param, status=400)
    if token.currency != currency:
        message = f"The shared payment token is for {token.currency}, not for {currency}."
        raise _refused(message, "shared_payment_token_currency_mismatch")
    if token.amount_captured + amount > token.max_amount:
        message = "The amount exceeds what the shared payment token allows."
        raise _refused(message, "shared_payment_token_limit_exceeded")
    return token


def spend(work: Work, token: Token, amount: int) -> None:
    """Count a charge that succeeded; a token that has nothing left is consumed."""
    captured = token.amount_captured + amount
    spent = token.model_copy(update={"amount_captured": captured})
    if captured >= token.max_amount:
        spent = deactivated(spent, "consumed", work.now)
    work.store.put(spent)


def deactivated(token: Token, reason: str, now: int) -> Token:
    return token.model_copy(update={"deactivated_at": now, "deactivated_reason": reason})


def currency_of(form: Form, name: str) -> str:
    currency = form.required(name).lower()
    if not (len(currency) == CURRENCY_LETTERS and currency.isascii() and currency.isalpha()):
        raise invalid(f"Invalid currency: {currency}", param=name)
    return currency


def masked(token_id: str) -> str:
    """A token's id is worth money: it is never said again."""
    return f"{token_id[:4]}…" if token_id.startswith("spt_") else "…"


def _named(work: Work, call: Call) -> Token:
    token = work.store.get(Token, call.parts["id"])
    if token is None:
        raise no_such("shared payment token", masked(call.parts["id"]), "id", status=404)
    return token.at(work.now)


def _refused(message: str, code: str) -> StripeRefusal:
    return invalid(message, param="shared_payment_granted_token", code=code, executed=True)


def _check_version(call: Call) -> None:
    if not is_preview(call.version):
        path = call.path.replace(call.parts.get("id", "\0"), masked(call.parts.get("id", "")))
        raise no_route(call.method, path)
