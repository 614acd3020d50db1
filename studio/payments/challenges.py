"""Payment challenges and what is sent back: the HTTP scheme `Payment` with Stripe's method.

Wire facts: draft-httpauth-payment-00 (the scheme), draft-payment-intent-charge-00 and
draft-stripe-charge-00 (the request and the payload). This module alone knows of the library `mpp`:
of it are the forms and the binding of a challenge, not its way to settle a payment, which takes one
challenge for many payments.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import mpp
from mpp import BodyDigest
from mpp._parsing import ParseError  # the package offers it without exporting it
from pydantic import BaseModel, Field

from studio.payments.errors import (
    ChallengeExpired,
    InvalidChallenge,
    InvalidPayload,
    MalformedCredential,
    MethodUnsupported,
    SeveralCredentials,
)

METHOD: Final = "stripe"
INTENT: Final = "charge"
PAYMENT_METHOD_TYPES: Final = ("card", "link")

AUTHORIZATION_LENGTH_MAX: Final = 16 * 1024
"""Four times what every server has to take; ours have 2,000 characters."""
TOKEN_LENGTH_MAX: Final = 255
"""Stripe's own bound for the ids of its objects."""

_CREDENTIAL: Final = re.compile(r"payment[ \t]+([0-9A-Za-z_-]+={0,2})", re.IGNORECASE)
_SCHEME: Final = re.compile(r"(?:^|,)[ \t]*payment(?:[ \t,]|$)", re.IGNORECASE)
_TOKEN: Final = re.compile(rf"[!-~]{{1,{TOKEN_LENGTH_MAX}}}")
_REALM: Final = re.compile(r"[0-9A-Za-z._:\[\]-]+")
"""A host, with its port where it has one: nothing that would need quoting."""
_DIGEST_WITH_COLONS: Final = re.compile(r"(sha-256=):([^:]*):")


@dataclass(frozen=True)
class Terms:
    """What is asked for a quote. `body_digest` is None where the payment comes without the body."""

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
    expires_at: datetime
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

    def authenticate(self, authorization: str, *, now: datetime) -> Credential:
        """Read the value of an `Authorization` header; nothing of it is used before its signature.

        Raises, in this order, SeveralCredentials, MalformedCredential, MethodUnsupported,
        InvalidChallenge, ChallengeExpired and InvalidPayload.
        """
        sent = _parsed(authorization)
        if (sent.challenge.method, sent.challenge.intent) != (METHOD, INTENT):
            raise MethodUnsupported
        terms = self._authentic_terms(sent.challenge)
        if terms.expires_at <= now:
            raise ChallengeExpired(terms.quote_id)
        token = _token_in(sent.payload)
        return Credential(
            quote_id=terms.quote_id,
            challenge_id=sent.challenge.id,
            credential_hash=hashlib.sha256(f"{sent.challenge.id} {token}".encode()).hexdigest(),
            amount_cents=terms.amount_cents,
            currency=terms.currency,
            charges_digest=terms.charges_digest,
            expires_at=terms.expires_at,
            body_digest=terms.body_digest,
            token=token,
        )

    def receipt(self, *, payment_id: str, paid_at: datetime) -> str:
        """The value of a `Payment-Receipt` header. `payment_id` is Stripe's PaymentIntent."""
        made = mpp.Receipt.success(
            reference=payment_id, timestamp=paid_at.astimezone(UTC), method=METHOD
        )
        return made.to_payment_receipt()

    def _request_for(self, terms: Terms) -> dict[str, object]:
        """The request of a challenge: the amount is text, in the currency's smallest unit."""
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
        """What a challenge of ours asked for. InvalidChallenge if it is not."""
        request = _decoded(echo.request)
        opaque = _decoded_texts(echo.opaque)
        self._verify(echo, request, opaque)
        try:
            terms = _terms_in(request, echo)
        except ValueError:
            raise InvalidChallenge from None
        is_ours = request == self._request_for(terms)
        if not is_ours or opaque.get("quote_id") != terms.quote_id:
            raise InvalidChallenge  # signed with our secret, but by another program
        return terms

    def _verify(
        self,
        echo: mpp.ChallengeEcho,
        request: dict[str, object],
        opaque: dict[str, str],
    ) -> None:
        """InvalidChallenge unless one of our secrets signed exactly this for our realm."""
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
            matches = [challenge.verify(secret, self._realm) for secret in self._secrets]
        except (ValueError, RecursionError):
            raise MalformedCredential from None
        if not any(matches) or echo.realm != self._realm:
            raise InvalidChallenge


def is_payment(authorization: str) -> bool:
    """Whether the value of an `Authorization` header means to pay, however badly."""
    return _SCHEME.search(authorization) is not None


def body_digest(body: bytes) -> str:
    """The digest of a request's body as clients of the scheme know it: `sha-256=` and base64."""
    return BodyDigest.compute(body)


def is_same_digest(a: str, b: str) -> bool:
    """Whether two digests are the same, with or without the colons of RFC 9530 around them."""
    first, second = (_without_colons(digest) or "" for digest in (a, b))
    return hmac.compare_digest(first.encode(), second.encode())


def _without_colons(digest: str | None) -> str | None:
    match = _DIGEST_WITH_COLONS.fullmatch(digest) if digest else None
    return match.group(1) + match.group(2) if match else digest


def _parsed(authorization: str) -> mpp.Credential:
    if len(authorization) > AUTHORIZATION_LENGTH_MAX:
        raise MalformedCredential
    value = authorization.strip(" \t")
    if "," in value:
        raise SeveralCredentials
    match = _CREDENTIAL.fullmatch(value)
    if match is None:
        raise MalformedCredential
    try:
        return mpp.Credential.from_authorization(f"Payment {match.group(1)}")
    except (ParseError, ValueError, RecursionError):
        raise MalformedCredential from None


def _decoded(text: str) -> dict[str, object]:
    """A JSON object in base64url. MalformedCredential."""
    try:
        padded = text + "=" * (-len(text) % 4)
        value = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        json.dumps(value, ensure_ascii=False).encode()  # half surrogates have no encoding
    except (ValueError, RecursionError):
        raise MalformedCredential from None
    if not isinstance(value, dict):
        raise MalformedCredential
    return value


def _decoded_texts(text: str | None) -> dict[str, str]:
    """The same for an object of texts. A challenge of ours is never without."""
    if text is None:
        raise InvalidChallenge
    texts = {name: item for name, item in _decoded(text).items() if isinstance(item, str)}
    if len(texts) != len(_decoded(text)):
        raise InvalidChallenge
    return texts


class _Metadata(BaseModel):
    quote_id: str
    charges_digest: str


class _MethodDetails(BaseModel):
    metadata: _Metadata


class _Request(BaseModel):
    amount: str = Field(pattern=r"^[1-9][0-9]{0,9}$")
    currency: str
    description: str | None = None
    method_details: _MethodDetails = Field(alias="methodDetails")


def _terms_in(request: Mapping[str, object], echo: mpp.ChallengeEcho) -> Terms:
    """Raises ValueError."""
    wire = _Request.model_validate(request)
    return Terms(
        quote_id=wire.method_details.metadata.quote_id,
        amount_cents=int(wire.amount),
        currency=wire.currency,
        charges_digest=wire.method_details.metadata.charges_digest,
        expires_at=datetime.fromisoformat(echo.expires or ""),
        body_digest=_without_colons(echo.digest),
        description=wire.description,
    )


def _token_in(payload: object) -> str:
    token = payload.get("spt") if isinstance(payload, dict) else None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise InvalidPayload
    return token


def _rfc_3339(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
