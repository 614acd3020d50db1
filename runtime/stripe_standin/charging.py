"""One charge of one payment, and how it ends."""

from http import HTTPStatus

from runtime.stripe_standin.documents import charge_error, intent_document
from runtime.stripe_standin.payment_methods import AUTHENTICATION_REQUIRED, Decline, Fate
from runtime.stripe_standin.records import Charge, Intent, IntentStatus, Paying, Token, Turn
from runtime.stripe_standin.refusals import CARD_ERROR, StripeRefusal
from runtime.stripe_standin.tokens import spend
from runtime.stripe_standin.work import Work, new_id

_TURNS = {
    Fate.DISPUTED: Turn.DISPUTE,
    Fate.CLEARS: Turn.PAYMENT_CLEARS,
    Fate.BOUNCES: Turn.PAYMENT_BOUNCES,
}


def charge_token(
    work: Work, intent: Intent, token: Token, *, refuses_action: bool = False
) -> Intent:
    """Charge as the token's payment method decides.

    The refusal of a declined card is raised after payment and charge are written down. With
    `refuses_action` a card that asks for authentication is declined.
    """
    method = token.payment_method
    intent = intent.model_copy(update={"token_id": token.id})
    work.tell("payment_intent.created", intent_document(intent, None))
    if method.authenticates and not refuses_action:
        waiting = intent.model_copy(update={"status": IntentStatus.REQUIRES_ACTION})
        work.store.put(waiting)
        work.tell("payment_intent.requires_action", intent_document(waiting, None))
        return waiting
    why = AUTHENTICATION_REQUIRED if method.authenticates else method.decline
    intent = charge(work, intent, token, why)
    spend(work, token, intent.amount)
    return intent


def charge(work: Work, intent: Intent, payer: Paying, why: Decline | None) -> Intent:
    """Charge now, or at some later time where the method is a delayed one.

    With `why` it is declined: the refusal is raised after payment and charge are written down.
    """
    method = payer.payment_method
    made = Charge(
        id=new_id("ch"),
        created=work.now,
        method=payer.method,
        method_id=payer.method_id,
        intent_id=intent.id,
        amount=intent.amount,
        currency=intent.currency,
        metadata=intent.metadata,
        description=intent.description,
        status="pending" if method.is_delayed else "succeeded",
    )
    intent = intent.model_copy(update={"charge_id": made.id})
    if why is not None:
        raise decline(work, intent, made, why)
    if method.is_delayed:
        intent = intent.model_copy(update={"status": IntentStatus.PROCESSING})
        work.store.put(made)
        work.store.put(intent)
        work.tell("payment_intent.processing", intent_document(intent, made))
    else:
        intent = succeed(work, intent, made)
    if method.fate in _TURNS:
        work.later(_TURNS[method.fate], made.id)
    return intent


def succeed(work: Work, intent: Intent, charge: Charge) -> Intent:
    charge = charge.model_copy(update={"status": "succeeded"})
    intent = intent.model_copy(update={"status": IntentStatus.SUCCEEDED})
    work.store.put(charge)
    work.store.put(intent)
    work.tell("payment_intent.succeeded", intent_document(intent, charge))
    return intent


def decline(work: Work, intent: Intent, charge: Charge, why: Decline) -> StripeRefusal:
    """Write down that the charge failed. Returns the refusal, for who can still answer with it."""
    charge = charge.model_copy(update={"status": "failed", "decline": why})
    intent = intent.model_copy(update={"status": IntentStatus.REQUIRES_PAYMENT_METHOD})
    work.store.put(charge)
    work.store.put(intent)
    document = intent_document(intent, charge)
    work.tell("payment_intent.payment_failed", document)
    return StripeRefusal(
        HTTPStatus.PAYMENT_REQUIRED,
        CARD_ERROR,
        why.message,
        code=why.code,
        details={**(charge_error(charge) or {}), "payment_intent": document},
        executed=True,
    )
