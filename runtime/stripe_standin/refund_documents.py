"""Stripe's wire forms of refunds, disputes and events. Sources as in `documents.py`."""

from typing import Final

from runtime.stripe_standin.records import Dispute, DisputeStatus, Event, Refund
from runtime.stripe_standin.wire import Json

EVIDENCE_SECONDS: Final = 7 * 24 * 3600
"""How long a seller may answer a dispute; Stripe gives 7 to 21 days."""

_EVIDENCE: Final = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def refund_document(refund: Refund) -> Json:
    document: Json = {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": refund.id.replace("re_", "txn_"),
        "charge": refund.charge_id,
        "created": refund.created,
        "currency": refund.currency,
        "customer": None,
        "customer_account": None,
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": None, "type": "refund"},
            "type": "card",
        },
        "metadata": dict(refund.metadata),
        "payment_intent": refund.intent_id,
        "payment_method": None,
        "reason": refund.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": refund.status,
        "transfer_reversal": None,
    }
    if refund.status == "pending":
        document["pending_reason"] = "processing"
    if refund.failure_reason is not None:
        document["failure_reason"] = refund.failure_reason
        document["failure_balance_transaction"] = refund.id.replace("re_", "txn_f")
    return document


def dispute_document(dispute: Dispute) -> Json:
    return {
        "id": dispute.id,
        "object": "dispute",
        "amount": dispute.amount,
        "balance_transactions": [],
        "charge": dispute.charge_id,
        "created": dispute.created,
        "currency": dispute.currency,
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": dispute.created + EVIDENCE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": dispute.status is DisputeStatus.WON,
        "livemode": False,
        "metadata": {},
        "payment_intent": dispute.intent_id,
        "payment_method_details": {
            "card": {
                "brand": dispute.brand,
                "case_type": "chargeback",
                "network": dispute.brand,
                "network_reason_code": dispute.network_reason,
            },
            "type": "card",
        },
        "reason": dispute.reason,
        "status": dispute.status.value,
    }


def event_document(event: Event) -> Json:
    data: Json = {"object": event.subject}
    if event.previous is not None:
        data["previous_attributes"] = event.previous
    return {
        "id": event.id,
        "object": "event",
        "api_version": event.api_version,
        "created": event.created,
        "data": data,
        "livemode": False,
        "pending_webhooks": 0 if event.is_delivered else 1,
        "request": {"id": event.request_id, "idempotency_key": event.idempotency_key},
        "type": event.type,
    }
