"""What paying and giving back may come to. No message has anything of a card or a token in it."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class PaymentError(StudioError):
    code: ClassVar[str] = "payment_error"


class PaymentDeclined(PaymentError):
    """Nothing was charged, for sure. `reason` is a word from a closed set (`card_declined`, …)."""

    code: ClassVar[str] = "payment_declined"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class PaymentActionRequired(PaymentError):
    """The card's bank wants its holder to confirm, which an agent cannot: nothing was charged."""

    code: ClassVar[str] = "payment_action_required"

    def __init__(self) -> None:
        super().__init__(
            "The card's bank wants its holder to confirm this payment; pay with another card."
        )


class PaymentUnknown(PaymentError):
    """The processor did not say what became of it. The same request again gives the same answer."""

    code: ClassVar[str] = "payment_unknown"

    def __init__(self) -> None:
        super().__init__("The payment processor has not said yet what became of this payment.")


class CheckoutRefused(PaymentError):
    """The processor will not sell this, or knows of no such purchase: someone has to look."""

    code: ClassVar[str] = "checkout_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The payment processor refused a purchase of credits ({reason}).")


class RefundRefused(PaymentError):
    """The processor will not give this money back: someone has to look at it."""

    code: ClassVar[str] = "refund_refused"


class TokenUnreadable(PaymentError):
    """The sealed payment token cannot be opened with any secret that is configured."""

    code: ClassVar[str] = "token_unreadable"


class WebhookRefused(PaymentError):
    """The message is not the processor's, or its signature is too old."""

    code: ClassVar[str] = "webhook_refused"


class PaymentMismatch(PaymentError):
    """A payment succeeded with another amount or currency than was asked for: never expected."""

    code: ClassVar[str] = "payment_mismatch"

    def __init__(self, payment_id: str, *, found: str, expected: str) -> None:
        super().__init__(
            f"The payment {payment_id} is of {found} where {expected} was asked for; "
            "it pays for nothing until someone has looked at it."
        )


class PaymentsNotConfigured(PaymentError):
    """Settings are missing: no payment is offered or asked for before somebody has set them."""

    code: ClassVar[str] = "payments_not_configured"

    def __init__(self, *variables: str) -> None:
        are = "is" if len(variables) == 1 else "are"
        super().__init__(f"Payments are not set up here: {', '.join(variables)} {are} not set.")


class ProcessorMisconfigured(PaymentError):
    """The processor does not take our key: nothing was done, and it can be once that is mended."""

    code: ClassVar[str] = "processor_misconfigured"

    def __init__(self) -> None:
        super().__init__(
            "The payment processor refuses our secret key or what it may do; an operator has to "
            "mend STRIPE_SECRET_KEY."
        )


class CredentialError(PaymentError):
    """A payment credential that is not taken. No sentence repeats anything of it."""

    code: ClassVar[str] = "credential_error"


class MalformedCredential(CredentialError):
    """It cannot be read."""

    code: ClassVar[str] = "malformed_credential"

    def __init__(self) -> None:
        super().__init__(
            "The Authorization header is not `Payment` and one credential: unpadded base64url of "
            "a JSON object with `challenge` and `payload`."
        )


class SeveralCredentials(CredentialError):
    """More than one in a request: nobody can say which of them is meant."""

    code: ClassVar[str] = "several_credentials"

    def __init__(self) -> None:
        super().__init__("The request carries more than one credential; send one payment.")


class MethodUnsupported(CredentialError):
    """It pays in a way that was never offered."""

    code: ClassVar[str] = "method_unsupported"

    def __init__(self) -> None:
        super().__init__("Quotes are paid with the method `stripe` and the intent `charge` only.")


class InvalidChallenge(CredentialError):
    """The challenge is not ours, or was changed."""

    code: ClassVar[str] = "invalid_challenge"

    def __init__(self) -> None:
        super().__init__(
            "The challenge in the credential was not made here or was changed; pay the one in this "
            "answer."
        )


class InvalidPayload(CredentialError):
    """The challenge is ours, but there is no payment token with it."""

    code: ClassVar[str] = "invalid_payload"

    def __init__(self) -> None:
        super().__init__("The credential's payload needs `spt`, a shared payment token of Stripe.")
