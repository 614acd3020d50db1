"""What the ledger refuses, and why. A refused operation changes nothing."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class LedgerError(StudioError):
    code: ClassVar[str] = "ledger_error"


class InsufficientCredits(LedgerError):
    """The wallet has less than is needed. Both numbers are in credits."""

    code: ClassVar[str] = "insufficient_credits"

    def __init__(self, *, credits_required: int, credits_available: int) -> None:
        super().__init__(
            f"This needs {credits_required} credits and the wallet has "
            f"{credits_available} available."
        )
        self.credits_required = credits_required
        self.credits_available = credits_available


class InvalidAmount(LedgerError):
    """An amount outside 1 (or 0, for a settlement) to `TRANSFER_CREDITS_MAX`."""

    code: ClassVar[str] = "invalid_amount"


class InvalidReference(LedgerError):
    """A reference or a line id that is empty, too long, or there twice."""

    code: ClassVar[str] = "invalid_reference"


class InvalidExpiry(LedgerError):
    """A gift that would end before it is given."""

    code: ClassVar[str] = "invalid_expiry"


class TestWallet(LedgerError):
    """Test credits come by themselves; none can be given."""

    code: ClassVar[str] = "test_wallet"

    def __init__(self, wallet: str) -> None:
        super().__init__(f"The wallet {wallet} is for tests, which nothing can be given for.")


class UnknownWallet(LedgerError):
    code: ClassVar[str] = "unknown_wallet"

    def __init__(self, wallet: str) -> None:
        super().__init__(f"There is no wallet {wallet}.")


class UnknownHold(LedgerError):
    code: ClassVar[str] = "unknown_hold"

    def __init__(self, subject: str, line_id: str) -> None:
        super().__init__(f"Nothing is held for line {line_id} of {subject}.")


class HoldAlreadyResolved(LedgerError):
    """The hold's credits were given back, so they can no longer be charged."""

    code: ClassVar[str] = "hold_already_resolved"

    def __init__(self, subject: str, line_id: str) -> None:
        super().__init__(f"The hold for line {line_id} of {subject} was already released.")


class HoldExpired(HoldAlreadyResolved):
    """As above, by the sweep that expires what nobody resolved."""

    code: ClassVar[str] = "hold_expired"


class ExceedsHold(LedgerError):
    code: ClassVar[str] = "exceeds_hold"

    def __init__(self, *, credits_asked: int, credits_held: int) -> None:
        super().__init__(
            f"{credits_asked} credits cannot be charged to a hold of {credits_held} credits."
        )


class ExceedsSettlement(LedgerError):
    code: ClassVar[str] = "exceeds_settlement"

    def __init__(self, *, credits_asked: int, credits_left: int) -> None:
        super().__init__(
            f"{credits_asked} credits cannot be refunded: {credits_left} credits are left of "
            "what was charged."
        )


class NotSettled(LedgerError):
    """A refund of a line that was never charged."""

    code: ClassVar[str] = "not_settled"

    def __init__(self, subject: str, line_id: str) -> None:
        super().__init__(f"Line {line_id} of {subject} was never charged, so nothing can go back.")


class UnknownPayout(LedgerError):
    code: ClassVar[str] = "unknown_payout"

    def __init__(self, reference: str) -> None:
        super().__init__(f"Nothing was paid out under {reference}.")


class IdempotencyConflict(LedgerError):
    """The same reference was used before and meant something else."""

    code: ClassVar[str] = "idempotency_conflict"


class LedgerDrift(LedgerError):
    """A wallet's counters contradict its transfers. Never expected; `audit` says where."""

    code: ClassVar[str] = "ledger_drift"
