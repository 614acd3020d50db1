"""What quotes refuse, and why."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class QuoteError(StudioError):
    code: ClassVar[str] = "quote_error"


class UnknownQuote(QuoteError):
    """There is no such quote, or the claim token is not its own: nobody is told which."""

    code: ClassVar[str] = "unknown_quote"

    def __init__(self) -> None:
        super().__init__("There is no such quote, or the claim token is not its own.")


class QuoteExpired(QuoteError):
    """Its time is over, and nobody paid."""

    code: ClassVar[str] = "quote_expired"

    def __init__(self) -> None:
        super().__init__("This quote has expired; nothing was charged. Ask for a new one.")


class QuoteClosed(QuoteExpired):
    """It is over before its time: canceled, or refused too often."""

    code: ClassVar[str] = "quote_closed"

    def __init__(self) -> None:
        QuoteError.__init__(
            self,
            "This quote is closed: it was canceled, or its payment was refused too often. Nothing "
            "was charged; ask for a new one.",
        )


class QuoteTooDear(QuoteError):
    """More than one payment can be. `amount_cents` is what it would cost."""

    code: ClassVar[str] = "quote_too_dear"

    def __init__(self, *, amount_cents: int, cents_max: int) -> None:
        super().__init__(
            f"This render costs ${amount_cents / 100:,.2f}, and one payment is "
            f"${cents_max / 100:,.2f} at most: make it shorter or smaller, or render it with an "
            "account's key."
        )


class QuoteConflict(QuoteError):
    """Two of the same at once: read again what the other one made."""

    code: ClassVar[str] = "quote_conflict"
