"""Stripe's wire forms of tokens, payments and charges.

Fields and types: the reference of API version 2026-07-29.preview and the OpenAPI documents that
stripe-mock 0.203.0 carries. `tests/contract/test_stripe_standin_shapes.py` holds them to both.
"""

from typing import Final

from runtime.stripe_standin.payment_methods import Decline, PaymentMethod
from runtime.stripe_standin.records import Charge, Intent, IntentStatus, Token
from runtime.stripe_standin.refusals import CARD_ERROR, doc_url
from runtime.stripe_standin.wire import Json

CARD_EXPIRES_YEAR: Final = 2034
CARD_EXPIRES_MONTH: Final = 8
DEFAULT_NETWORK_ID: Final = "profile_test_standin"


def _billing_details() -> Json:
    names = ("city", "country", "line1", "line2", "postal_code", "state")
    return {
        "address": dict.fromkeys(names),
        "email": None,
        "name": None,
        "phone": None,
        "tax_id": None,
    }


def _checks() -> Json:
    return {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}


def _method_card(method: PaymentMethod) -> Json:
    """A card as a payment method shows it."""
    return {
        "brand": method.brand,
        "checks": _checks(),
        "country": "US",
        "display_brand": method.brand,
        "exp_month": CARD_EXPIRES_MONTH,
        "exp_year": CARD_EXPIRES_YEAR,
        "fingerprint": None,
        "funding": "credit",
        "generated_from": None,
        "last4": method.last4,
        "networks": {"available": [method.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _charged_card(charge: Charge) -> Json:
    """A card as a charge shows it."""
    method = charge.payment_method
    return {
        "amount_authorized": charge.amount,
        "authorization_code": None,
        "brand": method.brand,
        "checks": _checks(),
        "country": "US",
        "exp_month": CARD_EXPIRES_MONTH,
        "exp_year": CARD_EXPIRES_YEAR,
        "extended_authorization": {"status": "disabled"},
        "fingerprint": None,
        "funding": "credit",
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": method.last4,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": method.brand,
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": charge.amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "transaction_link_id": None,
        "wallet": None,
    }


def _bank_account(method: PaymentMethod) -> Json:
    return {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "fingerprint": None,
        "last4": method.last4,
        "routing_number": "110000000",
    }


def token_document(token: Token) -> Json:
    method = token.payment_method
    details: Json = {"billing_details": _billing_details(), "type": method.kind}
    if method.kind == "card":
        shown = _method_card(method)
        details["card"] = {name: shown[name] for name in shown if name not in _NOT_SHARED}
    elif method.kind == "link":
        details["link"] = {"email": None, "persistent_token": None}
    return {
        "id": token.id,
        "object": "shared_payment.granted_token",
        "agent_details": {"network_business_profile": None},
        "created": token.created,
        "deactivated_at": token.deactivated_at,
        "deactivated_reason": token.deactivated_reason,
        "livemode": False,
        "payment_method_details": details,
        "risk_details": None,
        "shared_metadata": dict(token.metadata),
        "usage_details": {
            "amount_captured": {"currency": token.currency, "value": token.amount_captured}
        },
        "usage_limits": {
            "currency": token.currency,
            "expires_at": token.expires_at,
            "max_amount": token.max_amount,
        },
    }


_NOT_SHARED: Final = frozenset({"generated_from", "regulated_status", "three_d_secure_usage"})


def intent_document(intent: Intent, charge: Charge | None) -> Json:
    """A payment with its latest charge, which also tells why it was declined."""
    succeeded = intent.status is IntentStatus.SUCCEEDED
    kind = charge.payment_method.kind if charge else "card"
    automatic = intent.allow_redirects is not None
    return {
        "id": intent.id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": intent.amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": intent.amount if succeeded else 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": (
            {"allow_redirects": intent.allow_redirects, "enabled": True} if automatic else None
        ),
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.cancellation_reason,
        "capture_method": "automatic_async",
        "client_secret": intent.client_secret,
        "confirmation_method": "automatic",
        "created": intent.created,
        "currency": intent.currency,
        "customer": None,
        "customer_account": None,
        "description": intent.description,
        "excluded_payment_method_types": None,
        "last_payment_error": charge_error(charge) if charge and not succeeded else None,
        "latest_charge": intent.charge_id,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": dict(intent.metadata),
        "next_action": _next_action(intent),
        "on_behalf_of": None,
        "payment_method": charge.method_id if charge and charge.status != "failed" else None,
        "payment_method_configuration_details": None,
        "payment_method_options": {kind: _method_options(kind)},
        "payment_method_types": ["card", "link"] if kind in {"card", "link"} else [kind],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": intent.status.value,
        "transfer_data": None,
        "transfer_group": None,
    }


def _method_options(kind: str) -> Json:
    if kind == "card":
        return {
            "installments": None,
            "mandate_options": None,
            "network": None,
            "request_three_d_secure": "automatic",
        }
    return {"persistent_token": None} if kind == "link" else {}


def _next_action(intent: Intent) -> Json | None:
    if intent.status is not IntentStatus.REQUIRES_ACTION:
        return None
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}


def charge_error(charge: Charge) -> Json | None:
    """The error of a declined charge: in the answer, and in the payment from then on."""
    decline = charge.decline
    if decline is None:
        return None
    return {
        "type": CARD_ERROR,
        "charge": charge.id,
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": doc_url(decline.code),
        "message": decline.message,
        "payment_method": _method_document(charge),
    }


def _method_document(charge: Charge) -> Json:
    method = charge.payment_method
    own: Json = {"email": None} if method.kind == "link" else _bank_account(method)
    return {
        "id": charge.method_id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _billing_details(),
        "created": charge.created,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": method.kind,
        method.kind: _method_card(method) if method.kind == "card" else own,
    }


def charge_document(charge: Charge) -> Json:
    method = charge.payment_method
    failed = charge.status == "failed"
    own: Json = {"country": "US"} if method.kind == "link" else _bank_account(method)
    return {
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": 0 if failed else charge.amount,
        "amount_refunded": charge.amount_refunded,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None if failed else charge.id.replace("ch_", "txn_"),
        "billing_details": _billing_details(),
        "calculated_statement_descriptor": "STAND-IN",
        "captured": not failed,
        "created": charge.created,
        "currency": charge.currency,
        "customer": None,
        "description": charge.description,
        "disputed": charge.disputed,
        "failure_balance_transaction": None,
        "failure_code": charge.decline.code if charge.decline else None,
        "failure_message": charge.decline.message if charge.decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(charge.metadata),
        "on_behalf_of": None,
        "outcome": _outcome(charge.decline),
        "paid": not failed,
        "payment_intent": charge.intent_id,
        "payment_method": charge.method_id,
        "payment_method_details": {
            "type": method.kind,
            method.kind: _charged_card(charge) if method.kind == "card" else own,
        },
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": charge.amount_refunded == charge.amount,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": charge.status,
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(decline: Decline | None) -> Json:
    declined = decline is not None
    return {
        "advice_code": "try_again_later" if declined else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if declined else "approved_by_network",
        "reason": decline.decline_code if decline else None,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": (
            "The bank did not return any further details with this decline."
            if declined
            else "Payment complete."
        ),
        "type": "issuer_declined" if declined else "authorized",
    }


def profile_document(network_id: str | None) -> Json:
    """The seller's own profile: its id is what a challenge names as `networkId`."""
    return {
        "id": network_id or DEFAULT_NETWORK_ID,
        "object": "v2.network.business_profile",
        "branding": None,
        "description": "A local stand-in: no money moves.",
        "display_name": "Future Video Studio (stand-in)",
        "livemode": False,
        "url": None,
        "username": "standin",
    }


def list_document(items: list[Json], *, url: str, has_more: bool) -> Json:
    return {"object": "list", "data": items, "has_more": has_more, "url": url}
