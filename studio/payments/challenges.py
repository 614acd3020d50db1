"""Payment challenges and what is sent back: the HTTP scheme `Payment` with Stripe's method.

Wire facts: draft-httpauth-payment-00 (the scheme), draft-payment-intent-charge-00 and
draft-stripe-charge-00 (the request). This module and `credential_form.py` alone know of the library
`mpp`: its forms and the binding of a challenge are used, not its way to settle a payment, which
takes as many payments for one challenge as are sent.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import mpp
from mpp import BodyDigest
from pydantic import BaseModel, Field

from studio.payments.credential_form import (
    is_payment,
    read_credential,
    read_object,
    read_texts,
    read_token,
)
from studio.payments.errors import (
    InvalidChallenge,
    MethodUnsupported,
)

__all__ = ["Challenger", "Credential", "Terms", "body_digest", "is_payment", "is_same_digest"]

METHOD: Final = "stripe"
INTENT: Final = "charge"
PAYMENT_METHOD_TYPES: Final = ("card", "link")

_REALM: Final = re.compile(r"[0-9A-Za-z._:\[\]-]+")
"""A host, with its port where it has one: nothing that would need quoting, and no `|`, which parts
what is signed."""
_DIGEST_WITH_COLONS: Final = re.compile(r"(sha-256=):([^:]*):")


@dataclass(frozen=True)
class Terms:
    """What is asked for a quote. `body_digest` is None where the payment comes without the body.

    `description` is shown to whoever approves the payment.
    """

    quote_id: str
    amount_cents: int
    currency: str
    charges_digest: str
    expires_at: datetime
    body_digest: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Credential:
    """A payment for a challenge of ours; everything but the token is as we once signed it.

    `credential_hash` is the SHA-256, in hex, of the challenge's id and the token. `token` is the
    shared payment token, which has been looked at for its form only.
    """

    quote_id: str
    challenge_id: str
    credential_hash: str
    amount_cents: int
    currency: str
    charges_digest: str
    body_digest: str | None
    token: str = field(repr=False)


class Challenger:
    """Makes challenges and recognises its own. The first secret signs, all of them verify.

    `realm` is the host that challenges speak for, `network_id` our profile in Stripe's network.
    """

    def __init__(self, *, secrets: Sequence[str], realm: str, network_id: str) -> None:
        if not secrets or not all(secrets):
            raise ValueError("at least one secret is needed, and none may be empty")
        if not _REALM.fullmatch(realm):
            raise ValueError("the realm must be a host name, with a port where it has one")
        self._secrets = tuple(secrets)
        self._realm = realm
        self._network_id = network_id

    def challenge(self, terms: Terms, *, nonce: str) -> str:
        """The value of a `WWW-Authenticate` header. Another nonce makes another challenge."""
        made = mpp.Challenge.create(
            secret_key=self._secrets[0],
            realm=self._realm,
            method=METHOD,
            intent=INTENT,
            request=self._request_for(terms),
            expires=_rfc_3339(terms.expires_at),
            digest=terms.body_digest,
            meta={"quote_id": terms.quote_id, "n": nonce},
        )
        return made.to_www_authenticate(self._realm)

    def authenticate(self, authorization: str) -> Credential:
        """Read the value of an `Authorization` header; nothing of it is used before its signature.

        Whether it is in time is for the quote's row to say, which also knows what it had paid.
        Raises the first that applies of SeveralCredentials, MalformedCredential, MethodUnsupported,
        InvalidChallenge and InvalidPayload.
        """
        sent = read_credential(authorization)
        if (sent.challenge.method, sent.challenge.intent) != (METHOD, INTENT):
            raise MethodUnsupported
        terms = self._authentic_terms(sent.challenge)
        token = read_token(sent.payload)
        return Credential(
            quote_id=terms.quote_id,
            challenge_id=sent.challenge.id,
            credential_hash=hashlib.sha256(f"{sent.challenge.id} {token}".encode()).hexdigest(),
            amount_cents=terms.amount_cents,
            currency=terms.currency,
            charges_digest=terms.charges_digest,
            body_digest=terms.body_digest,
            token=token,
        )

    def receipt(self, *, payment_id: str, paid_at: datetime) -> str:
        """The value of a `Payment-Receipt` header. `payment_id` is Stripe's PaymentIntent."""
        made = mpp.Receipt.success(reference=payment_id, timestamp=_to_utc(paid_at), method=METHOD)
        return made.to_payment_receipt()

    def _request_for(self, terms: Terms) -> dict[str, object]:
        """The request of a challenge: the amount is text, in the currency's smallest unit.

        The description is here because it is signed here, unlike the header's own.
        """
        description = {} if terms.description is None else {"description": terms.description}
        return {
            "amount": str(terms.amount_cents),
            "currency": terms.currency,
            **description,
            "methodDetails": {
                "networkId": self._network_id,
                "paymentMethodTypes": list(PAYMENT_METHOD_TYPES),
                "metadata": {
                    "quote_id": terms.quote_id,
                    "charges_digest": terms.charges_digest,
                },
            },
        }

    def _authentic_terms(self, echo: mpp.ChallengeEcho) -> Terms:
        """What a challenge of ours asked for. MalformedCredential, InvalidChallenge."""
        if echo.opaque is None:
            raise InvalidChallenge  # ours always have one
        request, opaque = read_object(echo.request), read_texts(echo.opaque)
        if echo.realm != self._realm or not self._is_signed(echo, request, opaque):
            raise InvalidChallenge
        wire = _wire_request(request)
        expires_at = _moment(echo.expires)
        if wire is None or expires_at is None or opaque.get("quote_id") != wire.quote_id:
            raise InvalidChallenge  # signed with our secret, but for something else
        if wire.network_id != self._network_id:
            raise InvalidChallenge  # no token for the network of then can be charged now
        return Terms(
            quote_id=wire.quote_id,
            amount_cents=int(wire.amount),
            currency=wire.currency,
            charges_digest=wire.charges_digest,
            expires_at=expires_at,
            body_digest=_without_colons(echo.digest),
            description=wire.description,
        )

    def _is_signed(
        self, echo: mpp.ChallengeEcho, request: dict[str, object], opaque: dict[str, str]
    ) -> bool:
        """Whether one of our secrets signed exactly this for our realm."""
        challenge = mpp.Challenge(
            id=echo.id,
            method=echo.method,
            intent=echo.intent,
            request=request,
            realm=self._realm,
            digest=_without_colons(echo.digest),
            expires=echo.expires,
            opaque=opaque,
            header=echo.header,
        )
        try:
            return any(challenge.verify(secret, self._realm) for secret in self._secrets)
        except (ValueError, RecursionError):
            return False  # it has no canonical form, so nobody can have signed it


def body_digest(body: bytes) -> str:
    """The digest of a request's body as clients of the scheme know it: `sha-256=` and base64."""
    return BodyDigest.compute(body)


def is_same_digest(a: str, b: str) -> bool:
    """Whether two digests are the same, with or without the colons of RFC 9530 around them."""
    first, second = (str(_without_colons(digest)) for digest in (a, b))
    return hmac.compare_digest(first.encode(errors="replace"), second.encode(errors="replace"))


def _without_colons(digest: str | None) -> str | None:
    match = _DIGEST_WITH_COLONS.fullmatch(digest) if digest else None
    return match.group(1) + match.group(2) if match else digest


class _Metadata(BaseModel):
    quote_id: str
    charges_digest: str


class _MethodDetails(BaseModel):
    network_id: str = Field(alias="networkId")
    metadata: _Metadata


class _WireRequest(BaseModel):
    amount: str = Field(pattern=r"^[1-9][0-9]{0,8}$")
    currency: str
    description: str | None = None
    method_details: _MethodDetails = Field(alias="methodDetails")

    @property
    def quote_id(self) -> str:
        return self.method_details.metadata.quote_id

    @property
    def charges_digest(self) -> str:
        return self.method_details.metadata.charges_digest

    @property
    def network_id(self) -> str:
        return self.method_details.network_id


def _wire_request(request: Mapping[str, object]) -> _WireRequest | None:
    try:
        return _WireRequest.model_validate(request)
    except ValueError:
        return None


def _rfc_3339(moment: datetime) -> str:
    return _to_utc(moment).isoformat().replace("+00:00", "Z")


def _moment(text: str | None) -> datetime | None:
    try:
        return _to_utc(datetime.fromisoformat(text or ""))
    except ValueError:
        return None


def _to_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(UTC)
