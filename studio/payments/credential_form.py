"""The form of a payment credential, as hostile as it comes; nothing is believed here.

`Authorization: Payment <credential>`, which is a JSON object in unpadded base64url with the
challenge that it answers and a payload (draft-httpauth-payment-00). Stripe's payload is
`{"spt": "spt_…"}` (draft-stripe-charge-00), with an `externalId` from some clients, which says
nothing that we would use.
"""

import base64
import json
import re
from typing import Final

import mpp
from mpp._parsing import ParseError  # raised by what the package exports, without being exported

from studio.contracts.limits import STRIPE_ID_LENGTH_MAX
from studio.payments.errors import InvalidPayload, MalformedCredential, SeveralCredentials

AUTHORIZATION_LENGTH_MAX: Final = 16 * 1024
"""Four times what every server has to take; a credential for one of ours has some 1,500."""

_CREDENTIAL: Final = re.compile(r"payment[ \t]+([0-9A-Za-z_-]+={0,2})", re.IGNORECASE)
_SCHEME: Final = re.compile(r"(?:^|,)[ \t]*payment(?:[ \t,]|$)", re.IGNORECASE)
_TOKEN: Final = re.compile(rf"[!-~]{{1,{STRIPE_ID_LENGTH_MAX}}}")


def is_payment(authorization: str) -> bool:
    """Whether the value of an `Authorization` header means to pay, however badly."""
    return _SCHEME.search(authorization) is not None


def read_credential(authorization: str) -> mpp.Credential:
    """The one credential in the value of an `Authorization` header, or of several joined by commas.

    Raises SeveralCredentials and MalformedCredential.
    """
    if len(authorization) > AUTHORIZATION_LENGTH_MAX:
        raise MalformedCredential
    value = authorization.strip(" \t")
    if "," in value:
        raise SeveralCredentials
    match = _CREDENTIAL.fullmatch(value)
    credential = _parsed(f"Payment {match.group(1)}") if match else None
    if credential is None:
        raise MalformedCredential
    return credential


def read_object(text: str) -> dict[str, object]:
    """A JSON object in base64url, such as a challenge's request. Raises MalformedCredential."""
    value = _decoded(text)
    if not isinstance(value, dict):
        raise MalformedCredential
    return value


def read_texts(text: str) -> dict[str, str]:
    """The same, of texts only, as a challenge's `opaque` is. Raises MalformedCredential."""
    texts: dict[str, str] = {}
    for name, value in read_object(text).items():
        if not isinstance(value, str):
            raise MalformedCredential
        texts[name] = value
    return texts


def read_token(payload: object) -> str:
    """The shared payment token, which may well be anything else. Raises InvalidPayload."""
    token = payload.get("spt") if isinstance(payload, dict) else None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise InvalidPayload
    return token


def _parsed(authorization: str) -> mpp.Credential | None:
    """None where it cannot be read. No error goes on from here, as it would hold the input."""
    try:
        return mpp.Credential.from_authorization(authorization)
    except (ParseError, ValueError, RecursionError):
        return None


def _decoded(text: str) -> object:
    try:
        padded = text + "=" * (-len(text) % 4)
        value: object = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        json.dumps(value, ensure_ascii=False).encode()  # half surrogates have no encoding
    except (ValueError, RecursionError):
        return None
    return value
