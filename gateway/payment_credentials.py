"""The payment that a request carries, unread."""

from typing import ClassVar

from starlette.datastructures import Headers

from gateway.auth import find_key
from studio.contracts.errors import StudioError
from studio.payments.challenges import is_payment


class KeyAndPayment(StudioError):
    """Two ways to pay in one request: nobody can say which is meant."""

    code: ClassVar[str] = "key_and_payment"

    def __init__(self) -> None:
        super().__init__(
            "The request carries an API key and a payment; send the one that is to pay for it."
        )


def payment_in(headers: Headers) -> str | None:
    """The value of the request's `Authorization` if it means to pay. KeyAndPayment.

    Several are joined, as HTTP means them, and refused where they are read.
    """
    authorization = ", ".join(headers.getlist("authorization"))
    if not is_payment(authorization):
        return None
    if find_key(headers) is not None:
        raise KeyAndPayment
    return authorization
