"""Challenges and the credentials that clients, honest or not, make of them."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import mpp
import pytest

from studio.payments.challenges import Challenger, Credential, Terms, body_digest
from studio.payments.errors import CredentialError

SECRET = "an-mpp-secret-for-tests-only-0123456789"
OLD_SECRET = "another-mpp-secret-for-tests-9876543210"
REALM = "app.future.video"
NETWORK_ID = "profile_test_61Abc"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
EXPIRES_AT = NOW + timedelta(minutes=30)
BODY = b'{"request":{"name":"A test"}}'
TOKEN = "spt_test_1TokenOfTheCard"
NONCE = "a1b2c3d4e5f60718"

TERMS = Terms(
    quote_id="quote_0123456789abcdef",
    amount_cents=120,
    currency="usd",
    charges_digest="c" * 64,
    expires_at=EXPIRES_AT,
    body_digest=body_digest(BODY),
    description="A glass airship — 4 s",
)


def challenger(*secrets: str, realm: str = REALM, network_id: str = NETWORK_ID) -> Challenger:
    return Challenger(secrets=secrets or (SECRET,), realm=realm, network_id=network_id)


def parsed(challenge: str) -> mpp.Challenge:
    """A challenge as a client reads it."""
    return mpp.Challenge.from_www_authenticate(challenge)


def credential(challenge: str, payload: object = None) -> dict[str, Any]:
    """The JSON of an honest credential; `payload` is a token's unless another is given."""
    read = parsed(challenge)
    echo = {
        "id": read.id,
        "realm": read.realm,
        "method": read.method,
        "intent": read.intent,
        "request": read.request_b64,
        "expires": read.expires,
        "digest": read.digest,
        "opaque": read.to_echo().opaque,
    }
    return {
        "challenge": {name: value for name, value in echo.items() if value is not None},
        "payload": {"spt": TOKEN} if payload is None else payload,
    }


def authorization(sent: object) -> str:
    """The value of the header for any JSON."""
    text = sent if isinstance(sent, str) else json.dumps(sent)
    return "Payment " + encoded(text.encode("utf-8", "surrogatepass"))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> dict[str, Any]:
    value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert isinstance(value, dict)
    return value


def with_request(sent: dict[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    """The credential with members of its request changed."""
    request = decoded(sent["challenge"]["request"]) | dict(changes)
    changed = encoded(json.dumps(request, separators=(",", ":"), sort_keys=True).encode())
    return sent | {"challenge": sent["challenge"] | {"request": changed}}


def with_challenge(sent: dict[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    """The credential with members of its echoed challenge changed; None takes one out."""
    challenge = sent["challenge"] | changes
    return sent | {
        "challenge": {name: value for name, value in challenge.items() if value is not None}
    }


def read(sent: object) -> Credential:
    """What is understood of a credential, or of the value of a header."""
    value = sent if isinstance(sent, str) else authorization(sent)
    return challenger().authenticate(value)


def refused(sent: object, reason: type[CredentialError]) -> CredentialError:
    """The refusal, which must be of exactly this kind."""
    with pytest.raises(CredentialError) as caught:
        read(sent)
    assert type(caught.value) is reason
    return caught.value
