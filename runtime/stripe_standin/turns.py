"""What happens by itself, some time after an answer."""

from runtime.stripe_standin.charging import decline, succeed
from runtime.stripe_standin.payment_methods import BOUNCED
from runtime.stripe_standin.records import (
    Charge,
    CheckoutSession,
    Dispute,
    Intent,
    IntentStatus,
    Pending,
    Refund,
    SessionStatus,
    Turn,
)
from runtime.stripe_standin.refund_documents import dispute_document, refund_document
from runtime.stripe_standin.sessions import end, payment_turned
from runtime.stripe_standin.wire import Json
from runtime.stripe_standin.work import Work, new_id

FAILURE_REASON = "expired_or_canceled_card"
"""That of `pm_card_refundFail` (docs.stripe.com/testing)."""


def happen(work: Work, pending: Pending) -> None:
    """Do it once: what was done meanwhile by another hand is left alone."""
    if work.store.get(Pending, pending.id) is None:
        return
    work.store.remove(pending)
    if pending.turn in {Turn.REFUND_FAILS, Turn.REFUND_ARRIVES}:
        refund = work.store.get(Refund, pending.subject_id)
        if refund is not None:
            _turn_refund(work, refund, fails=pending.turn is Turn.REFUND_FAILS)
        return
    if pending.turn is Turn.SESSION_EXPIRES:
        session = work.store.get(CheckoutSession, pending.subject_id)
        if session is not None and session.status is SessionStatus.OPEN:
            end(work, session)
        return
    charge = work.store.get(Charge, pending.subject_id)
    intent = work.store.get(Intent, charge.intent_id) if charge else None
    if charge is None or intent is None:
        return
    if pending.turn is Turn.DISPUTE:
        dispute(work, charge)
    elif intent.status is not IntentStatus.PROCESSING:
        return
    elif pending.turn is Turn.PAYMENT_CLEARS:
        payment_turned(work, succeed(work, intent, charge))
    else:
        decline(work, intent, charge, BOUNCED)
        payment_turned(work, intent)


def dispute(work: Work, charge: Charge) -> Dispute:
    """The customer's bank takes the charge back."""
    method = charge.payment_method
    made = Dispute(
        id=new_id("du"),
        created=work.now,
        charge_id=charge.id,
        intent_id=charge.intent_id,
        amount=charge.amount,
        currency=charge.currency,
        reason=method.reason,
        network_reason=method.network_reason,
        brand=method.brand,
    )
    work.store.put(made)
    work.store.put(charge.model_copy(update={"disputed": True}))
    work.tell("charge.dispute.created", dispute_document(made))
    return made


def _turn_refund(work: Work, refund: Refund, *, fails: bool) -> None:
    if not fails:
        arrived = refund.model_copy(update={"status": "succeeded"})
        work.store.put(arrived)
        work.tell("refund.updated", refund_document(arrived), {"status": refund.status})
        return
    failed = refund.model_copy(update={"status": "failed", "failure_reason": FAILURE_REASON})
    work.store.put(failed)
    charge = work.store.get(Charge, refund.charge_id)
    if charge is not None:  # the money is the seller's again
        left = charge.amount_refunded - refund.amount
        work.store.put(charge.model_copy(update={"amount_refunded": left}))
    previous: Json = {"status": refund.status}
    work.tell("refund.updated", refund_document(failed), previous)
    work.tell("refund.failed", refund_document(failed))
