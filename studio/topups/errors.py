"""What a purchase of credits may come to."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class TopUpError(StudioError):
    code: ClassVar[str] = "top_up_error"


class InvalidTopUp(TopUpError):
    """An amount that is not sold, or a form without its id."""

    code: ClassVar[str] = "invalid_top_up"


class NothingForSale(TopUpError):
    """The test side of an account spends test credits, which cannot be bought."""

    code: ClassVar[str] = "nothing_for_sale"

    def __init__(self) -> None:
        super().__init__("Test credits cannot be bought: a test wallet fills itself.")


class TooManyTopUps(TopUpError):
    """The account has opened page after page and paid at none."""

    code: ClassVar[str] = "too_many_top_ups"

    def __init__(self) -> None:
        super().__init__("Too many purchases are open; pay one of them, or let them expire.")


class UnknownTopUp(TopUpError):
    code: ClassVar[str] = "unknown_top_up"

    def __init__(self) -> None:
        super().__init__("There is no such purchase of credits.")


class TopUpConflict(TopUpError):
    """The form was sent before, and meant something else."""

    code: ClassVar[str] = "top_up_conflict"

    def __init__(self) -> None:
        super().__init__("This form was already sent for another purchase; open it anew.")


class TopUpOver(TopUpError):
    """The purchase that this form began was paid, or its time is over."""

    code: ClassVar[str] = "top_up_over"

    def __init__(self) -> None:
        super().__init__("This purchase has ended; see your wallet, or begin a new one.")


class TopUpChanged(TopUpError):
    """Somebody else wrote the row meanwhile. Roll the transaction back and look again."""

    code: ClassVar[str] = "top_up_changed"

    def __init__(self) -> None:
        super().__init__("This purchase is being changed by others; try again shortly.")


class NotRefundable(TopUpError):
    code: ClassVar[str] = "not_refundable"


class RefundUnknown(TopUpError):
    """Whether money went back is not known. Asked for again, it could go back twice."""

    code: ClassVar[str] = "refund_unknown"

    def __init__(self, top_up_id: str, cents: int) -> None:
        super().__init__(
            f"The payment processor has not said whether {cents} cents of {top_up_id} went back. "
            "Its webhook will: see `fvs topups show` before you ask again."
        )


class CreditsOwed(TopUpError):
    """A purchase was refunded or disputed after its credits were spent."""

    code: ClassVar[str] = "credits_owed"

    def __init__(self, owed_credits: int) -> None:
        super().__init__(
            f"The wallet owes {owed_credits} credits: a purchase was refunded or disputed after "
            "its credits were spent. Renders can be started again once it was topped up."
        )
        self.owed_credits = owed_credits
