"""Disputes: listed, shown, answered with evidence, closed.

Source: docs.stripe.com/api/disputes; which evidence wins in test mode: docs.stripe.com/testing.
"""

from http import HTTPStatus
from typing import Final

from runtime.stripe_standin.documents import list_document
from runtime.stripe_standin.records import Dispute, DisputeStatus
from runtime.stripe_standin.refund_documents import dispute_document
from runtime.stripe_standin.refusals import invalid, no_such, unknown
from runtime.stripe_standin.searching import page_of
from runtime.stripe_standin.wire import Call, Json
from runtime.stripe_standin.work import Work

PARAMETERS: Final = frozenset({"evidence", "submit"})
LIST_PARAMETERS: Final = frozenset(
    {"charge", "created", "ending_before", "limit", "payment_intent", "starting_after"}
)
EVIDENCE: Final = "evidence[uncategorized_text]"
_ENDS: Final = {
    "winning_evidence": DisputeStatus.WON,
    "losing_evidence": DisputeStatus.LOST,
}


def show(work: Work, call: Call) -> Json:
    return dispute_document(_named(work, call))


def list_disputes(work: Work, call: Call) -> Json:
    intent_id, charge_id = call.form.text("payment_intent"), call.form.text("charge")
    fitting = [
        dispute
        for dispute in work.store.all(Dispute)
        if intent_id in {None, dispute.intent_id} and charge_id in {None, dispute.charge_id}
    ]
    disputes, has_more = page_of(fitting, call.form)
    documents = [dispute_document(dispute) for dispute in disputes]
    return list_document(documents, url="/v1/disputes", has_more=has_more)


def answer(work: Work, call: Call) -> Json:
    """Evidence in the words of test mode decides the dispute."""
    for key, _ in call.form.pairs:
        if key.startswith("evidence") and key != EVIDENCE:
            raise unknown(key)
    dispute = _named(work, call)
    words = call.form.choice(EVIDENCE, tuple(_ENDS))
    if words is None:
        return dispute_document(dispute)
    return dispute_document(_close(work, dispute, _ENDS[words]))


def close(work: Work, call: Call) -> Json:
    """The seller gives in."""
    return dispute_document(_close(work, _named(work, call), DisputeStatus.LOST))


def _close(work: Work, dispute: Dispute, status: DisputeStatus) -> Dispute:
    if dispute.status is not DisputeStatus.NEEDS_RESPONSE:
        raise invalid("This dispute is already closed", param=None, executed=True)
    closed = dispute.model_copy(update={"status": status})
    work.store.put(closed)
    document = dispute_document(closed)
    if status is DisputeStatus.WON:
        work.tell("charge.dispute.funds_reinstated", document)
    work.tell("charge.dispute.closed", document)
    return closed


def _named(work: Work, call: Call) -> Dispute:
    dispute = work.store.get(Dispute, call.parts["id"])
    if dispute is None:
        raise no_such("dispute", call.parts["id"], "dispute", status=HTTPStatus.NOT_FOUND)
    return dispute
