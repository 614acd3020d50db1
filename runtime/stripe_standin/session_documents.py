"""Stripe's wire form of Checkout sessions. Sources as in `documents.py`."""

from typing import Final

from runtime.stripe_standin.records import CheckoutSession, SessionStatus
from runtime.stripe_standin.wire import Json

PAGE_PATH: Final = "/c/pay"
METHOD_TYPES: Final = ("card", "link", "us_bank_account")
STANDIN_CUSTOMER: Final = "customer@example.com"
"""Who pays at the hosted page where the session names nobody."""

_NOTHING: Final = (
    "after_expiration",
    "allow_promotion_codes",
    "billing_address_collection",
    "client_secret",
    "consent",
    "consent_collection",
    "currency_conversion",
    "customer",
    "customer_account",
    "integration_identifier",
    "invoice",
    "locale",
    "origin_context",
    "payment_link",
    "payment_method_configuration_details",
    "permissions",
    "recovered_from",
    "saved_payment_method_options",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "submit_type",
    "subscription",
    "wallet_options",
)
"""Fields of purchases that nobody here makes."""


def session_document(session: CheckoutSession, url: str) -> Json:
    """A session; `url` is the stand-in's own."""
    is_open = session.status is SessionStatus.OPEN
    return {
        "id": session.id,
        "object": "checkout.session",
        **dict.fromkeys(_NOTHING),
        "adaptive_pricing": {"enabled": session.has_adaptive_pricing},
        "amount_subtotal": session.amount,
        "amount_total": session.amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": session.cancel_url,
        "client_reference_id": session.client_reference_id,
        "collected_information": None,
        "created": session.created,
        "currency": session.currency,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer_creation": "if_required",
        "customer_details": _customer(session),
        "customer_email": session.customer_email,
        "discounts": [],
        "expires_at": session.expires_at,
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                "account_tax_ids": None,
                "custom_fields": None,
                "description": None,
                "footer": None,
                "issuer": None,
                "metadata": {},
                "rendering_options": None,
            },
        },
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": dict(session.metadata),
        "mode": "payment",
        "payment_intent": session.intent_id,
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": list(METHOD_TYPES),
        "payment_status": "paid" if session.is_paid else "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": session.status.value,
        "success_url": session.success_url,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{url}{PAGE_PATH}/{session.id}" if is_open else None,
    }


def _customer(session: CheckoutSession) -> Json | None:
    """Known once somebody has filled in the page."""
    if session.status is not SessionStatus.COMPLETE:
        return None
    return {
        "address": {
            **dict.fromkeys(("city", "line1", "line2", "postal_code", "state")),
            "country": "US",
        },
        "business_name": None,
        "email": session.customer_email or STANDIN_CUSTOMER,
        "individual_name": None,
        "name": "A Customer",
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
