"""Whatever is sent as a payment, it is read or refused, and only what we signed is read."""

import base64
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.contracts.tokens import ALPHABET
from studio.payments.challenges import is_payment
from studio.payments.errors import CredentialError
from tests.payment_scenes import NONCE, TERMS, authorization, challenger, credential

OURS = challenger()
CHALLENGE = OURS.challenge(TERMS, nonce=NONCE)
SENT = credential(CHALLENGE)
READ = OURS.authenticate(authorization(SENT))

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
PARTS = st.sampled_from([*SENT["challenge"], "header", "description", "source", "payload"])


def is_refused(header: str) -> bool:
    """Anything but our own errors fails the test."""
    try:
        read = OURS.authenticate(header)
    except CredentialError:
        return True
    assert (read.challenge_id, read.amount_cents) == (READ.challenge_id, READ.amount_cents)
    assert (read.quote_id, read.charges_digest) == (READ.quote_id, READ.charges_digest)
    assert read.body_digest == READ.body_digest
    return False


@unhurried
@given(st.text(st.characters(), max_size=400) | st.text("paymentPAYMENT =,\t\0-_/+.", max_size=80))
def test_any_header_is_refused(header: str) -> None:
    assert is_payment(header) in {True, False}
    assert is_refused(header)


@unhurried
@given(st.binary(max_size=400))
def test_any_bytes_in_base64_are_refused(data: bytes) -> None:
    assert is_refused("Payment " + base64.urlsafe_b64encode(data).decode().rstrip("="))


@unhurried
@given(JSON_VALUES)
def test_any_json_is_refused(value: object) -> None:
    assert is_refused(authorization(value))


@unhurried
@given(part=PARTS, value=JSON_VALUES)
def test_no_part_can_be_another_value(part: str, value: object) -> None:
    """A change is refused, or means nothing: a description, a source, what is no longer there."""
    sent: dict[str, Any] = json.loads(json.dumps(SENT))
    if part in {"source", "payload"}:
        sent[part] = value
    else:
        sent["challenge"][part] = value
    is_refused(authorization(sent))


@unhurried
@given(
    part=st.sampled_from(["id", "request", "opaque", "expires", "digest", "realm"]),
    position=st.integers(0, 400),
    letter=st.sampled_from(ALPHABET + "-_"),
)
def test_no_letter_of_what_is_signed_can_be_another(part: str, position: int, letter: str) -> None:
    text = SENT["challenge"][part]
    position %= len(text)
    changed = text[:position] + letter + text[position + 1 :]
    sent = SENT | {"challenge": SENT["challenge"] | {part: changed}}
    assert is_refused(authorization(sent)) or _means_the_same(part, text, changed)


def _means_the_same(part: str, text: str, changed: str) -> bool:
    """Base64 leaves the last bits of its last letter open."""
    if part not in {"request", "opaque"}:
        return text == changed
    padding = "=" * (-len(text) % 4)
    return base64.urlsafe_b64decode(text + padding) == base64.urlsafe_b64decode(changed + padding)
