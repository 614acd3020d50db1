"""Refunds: made, shown, listed, never more than was charged."""

from http import HTTPStatus
from typing import Final

from runtime.stripe_standin.documents import charge_document, list_document
from runtime.stripe_standin.forms import Form
from runtime.stripe_standin.payment_methods import Fate
from runtime.stripe_standin.records import (
    Charge,
    Dispute,
    DisputeStatus,
    Intent,
    IntentStatus,
    Refund,
    Turn,
)
from runtime.stripe_standin.refund_documents import refund_document
from runtime.stripe_standin.refusals import StripeRefusal, invalid, no_such
from runtime.stripe_standin.searching import page_of
from runtime.stripe_standin.wire import Call, Json
from runtime.stripe_standin.work import Work, new_id

REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")
PARAMETERS: Final = frozenset({"amount", "charge", "metadata", "payment_intent", "reason"})
LIST_PARAMETERS: Final = frozenset(
    {"charge", "created", "limit", "payment_intent", "starting_after", "ending_before"}
)


def create(work: Work, call: Call) -> Json:
    form = call.form
    reason, metadata = form.choice("reason", REASONS), form.metadata()
    wished = form.integer("amount")
    if wished is not None and wished < 1:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    charge = _charge(work, form)
    left = charge.amount - charge.amount_refunded
    _check_refundable(work, charge, wished, left)
    amount = left if wished is None else wished
    fate = charge.payment_method.fate
    refund = Refund(
        id=new_id("re"),
        created=work.now,
        charge_id=charge.id,
        intent_id=charge.intent_id,
        amount=amount,
        currency=charge.currency,
        metadata=metadata,
        reason=reason,
        status="pending" if fate is Fate.REFUND_PENDING else "succeeded",
    )
    refunded = charge.model_copy(update={"amount_refunded": charge.amount_refunded + amount})
    work.store.put(refund)
    work.store.put(refunded)
    document = refund_document(refund)
    work.tell("refund.created", document)
    previous: Json = {"amount_refunded": charge.amount_refunded}
    work.tell("charge.refunded", charge_document(refunded), previous)
    if fate is Fate.REFUND_PENDING:
        work.later(Turn.REFUND_ARRIVES, refund.id)
    elif fate is Fate.REFUND_FAILS:
        work.later(Turn.REFUND_FAILS, refund.id)
    return document


def show(work: Work, call: Call) -> Json:
    refund = work.store.get(Refund, call.parts["id"])
    if refund is None:
        raise no_such("refund", call.parts["id"], "id", status=HTTPStatus.NOT_FOUND)
    return refund_document(refund)


def list_refunds(work: Work, call: Call) -> Json:
    intent_id, charge_id = call.form.text("payment_intent"), call.form.text("charge")
    fitting = [
        refund
        for refund in work.store.all(Refund)
        if intent_id in {None, refund.intent_id} and charge_id in {None, refund.charge_id}
    ]
    refunds, has_more = page_of(fitting, call.form)
    documents = [refund_document(refund) for refund in refunds]
    return list_document(documents, url="/v1/refunds", has_more=has_more)


def _charge(work: Work, form: Form) -> Charge:
    """The charge that is meant: named itself, or by its payment."""
    intent_id, charge_id = form.text("payment_intent"), form.text("charge")
    if not intent_id and not charge_id:
        message = "One of the following params should be provided for this request: charge, "
        raise invalid(f"{message}payment_intent.", param=None, code="parameter_missing")
    if intent_id:
        intent = work.store.get(Intent, intent_id)
        if intent is None:
            raise no_such("payment_intent", intent_id, "payment_intent", status=400)
        if intent.status is not IntentStatus.SUCCEEDED:
            raise invalid(
                f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.",
                param="payment_intent",
                executed=True,
            )
        charge_id = intent.charge_id
    charge = work.store.get(Charge, charge_id or "")
    if charge is None or charge.status != "succeeded":
        raise no_such("charge", charge_id or "", "charge", status=HTTPStatus.BAD_REQUEST)
    return charge


def _check_refundable(work: Work, charge: Charge, wished: int | None, left: int) -> None:
    if any(one.status is not DisputeStatus.WON for one in work.store.of(Dispute, charge.id)):
        message = f"Charge {charge.id} has been charged back; cannot issue a refund."
        raise _refused(message, "charge_disputed")
    if left == 0:
        message = f"Charge {charge.id} has already been refunded."
        raise _refused(message, "charge_already_refunded")
    if wished is not None and wished > left:
        # Stripe gives this one no code.
        raise invalid(
            f"Refund amount ({_dollars(wished)}) is greater than unrefunded amount on charge "
            f"({_dollars(left)})",
            param="amount",
            executed=True,
        )


def _refused(message: str, code: str) -> StripeRefusal:
    return invalid(message, param=None, code=code, executed=True)


def _dollars(cents: int) -> str:
    return f"${cents / 100:.2f}"
