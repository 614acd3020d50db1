"""Challenges that we make, and how they are known again."""

from dataclasses import replace
from datetime import UTC, datetime

import mpp
import pytest

from studio.payments.challenges import (
    Challenger,
    body_digest,
    is_same_digest,
)
from studio.payments.errors import (
    InvalidChallenge,
)
from tests.payment_scenes import (
    BODY,
    NONCE,
    OLD_SECRET,
    REALM,
    SECRET,
    TERMS,
    authorization,
    challenger,
    credential,
    parsed,
    read,
    refused,
    with_challenge,
)

CHALLENGE = challenger().challenge(TERMS, nonce=NONCE)
SENT = credential(CHALLENGE)

MPPX_CHALLENGE_ID = "Mnq3FV4xQAJpwJMdGMXUzfHBT82gZe56UbZAQ7UGGAc"
"""What mppx 0.11.0 makes of the same secret and terms; so are the others of its name."""
MPPX_DIGEST = "sha-256=yYamNTMEnLuob+Fak11z+eSzrnc+g0Fbk5qqSHMHdqE="
MPPX_REQUEST = (
    "eyJhbW91bnQiOiIxMjAiLCJjdXJyZW5jeSI6InVzZCIsImRlc2NyaXB0aW9uIjoiQSBnbGFzcyBhaXJzaGlwIOKAlCA0"
    "IHMiLCJtZXRob2REZXRhaWxzIjp7Im1ldGFkYXRhIjp7ImNoYXJnZXNfZGlnZXN0IjoiY2NjY2NjY2NjY2NjY2NjY2Nj"
    "Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjYyIsInF1b3RlX2lkIjoicXVvdGVfMDEy"
    "MzQ1Njc4OWFiY2RlZiJ9LCJuZXR3b3JrSWQiOiJwcm9maWxlX3Rlc3RfNjFBYmMiLCJwYXltZW50TWV0aG9kVHlwZXMi"
    "OlsiY2FyZCIsImxpbmsiXX19"
)
MPPX_CREDENTIAL = (
    "eyJjaGFsbGVuZ2UiOnsiZGlnZXN0Ijoic2hhLTI1Nj15WWFtTlRNRW5MdW9iK0ZhazExeitlU3pybmMrZzBGYms1cXFT"
    "SE1IZHFFPSIsImV4cGlyZXMiOiIyMDI2LTExLTI3VDEyOjMwOjAwWiIsImlkIjoiTW5xM0ZWNHhRQUpwd0pNZEdNWFV6"
    "ZkhCVDgyZ1plNTZVYlpBUTdVR0dBYyIsImludGVudCI6ImNoYXJnZSIsIm1ldGhvZCI6InN0cmlwZSIsInJlYWxtIjoi"
    "YXBwLmZ1dHVyZS52aWRlbyIsIm9wYXF1ZSI6ImV5SnVJam9pWVRGaU1tTXpaRFJsTldZMk1EY3hPQ0lzSW5GMWIzUmxY"
    "MmxrSWpvaWNYVnZkR1ZmTURFeU16UTFOamM0T1dGaVkyUmxaaUo5IiwicmVxdWVzdCI6ImV5SmhiVzkxYm5RaU9pSXhN"
    "akFpTENKamRYSnlaVzVqZVNJNkluVnpaQ0lzSW1SbGMyTnlhWEIwYVc5dUlqb2lRU0JuYkdGemN5QmhhWEp6YUdsd0lP"
    "S0FsQ0EwSUhNaUxDSnRaWFJvYjJSRVpYUmhhV3h6SWpwN0ltMWxkR0ZrWVhSaElqcDdJbU5vWVhKblpYTmZaR2xuWlhO"
    "MElqb2lZMk5qWTJOalkyTmpZMk5qWTJOalkyTmpZMk5qWTJOalkyTmpZMk5qWTJOalkyTmpZMk5qWTJOalkyTmpZMk5q"
    "WTJOalkyTmpZMk5qWTJOalkyTmpZeUlzSW5GMWIzUmxYMmxrSWpvaWNYVnZkR1ZmTURFeU16UTFOamM0T1dGaVkyUmxa"
    "aUo5TENKdVpYUjNiM0pyU1dRaU9pSndjbTltYVd4bFgzUmxjM1JmTmpGQlltTWlMQ0p3WVhsdFpXNTBUV1YwYUc5a1ZI"
    "bHdaWE1pT2xzaVkyRnlaQ0lzSW14cGJtc2lYWDE5In0sInBheWxvYWQiOnsic3B0Ijoic3B0X3Rlc3RfMVRva2VuT2ZU"
    "aGVDYXJkIiwiZXh0ZXJuYWxJZCI6Im9yZGVyLTcifSwic291cmNlIjoiZGlkOngifQ"
)
"""For our header, with the token of `payment_scenes`, an `externalId` and a `source`."""
MPPX_RECEIPT = (
    "eyJtZXRob2QiOiJzdHJpcGUiLCJyZWZlcmVuY2UiOiJwaV8zVGVzdCIsInN0YXR1cyI6InN1Y2Nlc3MiLCJ0aW1lc3Rh"
    "bXAiOiIyMDI2LTExLTI3VDEyOjAwOjA1WiJ9"
)


def test_an_independent_implementation_makes_the_same_challenge() -> None:
    challenge = parsed(CHALLENGE)
    assert challenge.id == MPPX_CHALLENGE_ID
    assert challenge.request_b64 == MPPX_REQUEST
    assert challenge.digest == MPPX_DIGEST
    assert challenge.expires == "2026-11-27T12:30:00Z"
    assert challenge.to_echo().opaque == (
        "eyJuIjoiYTFiMmMzZDRlNWY2MDcxOCIsInF1b3RlX2lkIjoicXVvdGVfMDEyMzQ1Njc4OWFiY2RlZiJ9"
    )


def test_an_independent_client_is_understood() -> None:
    assert read(f"Payment {MPPX_CREDENTIAL}") == read(SENT)


def test_a_challenge_has_what_the_drafts_ask_for_and_nothing_unsigned() -> None:
    challenge = parsed(CHALLENGE)
    assert CHALLENGE.startswith("Payment ")
    assert (challenge.realm, challenge.method, challenge.intent) == (REALM, "stripe", "charge")
    assert challenge.description is None
    assert challenge.request == {
        "amount": "120",
        "currency": "usd",
        "description": "A glass airship — 4 s",
        "methodDetails": {
            "networkId": "profile_test_61Abc",
            "paymentMethodTypes": ["card", "link"],
            "metadata": {"quote_id": "quote_0123456789abcdef", "charges_digest": "c" * 64},
        },
    }
    assert len(CHALLENGE) < 8 * 1024
    assert CHALLENGE.isascii()


def test_terms_without_a_body_and_a_description_make_a_challenge_without_them() -> None:
    terms = replace(TERMS, body_digest=None, description=None)
    challenge = challenger().challenge(terms, nonce=NONCE)
    assert parsed(challenge).digest is None
    assert "description" not in parsed(challenge).request
    assert read(credential(challenge)).body_digest is None


def test_every_nonce_makes_another_challenge_of_the_same_terms() -> None:
    other = challenger().challenge(TERMS, nonce="b" * 16)
    assert parsed(other).id != parsed(CHALLENGE).id
    assert parsed(other).request == parsed(CHALLENGE).request


def test_a_digest_with_colons_around_it_is_the_same_one() -> None:
    rfc_9530 = MPPX_DIGEST.replace("=", "=:", 1) + ":"
    assert read(with_challenge(SENT, {"digest": rfc_9530})) == read(SENT)
    assert is_same_digest(rfc_9530, MPPX_DIGEST)
    assert is_same_digest(MPPX_DIGEST, rfc_9530)
    assert is_same_digest(rfc_9530, rfc_9530)


@pytest.mark.parametrize(
    "other", ["", "sha-256=", "sha-256=::", body_digest(b"{}"), "sha-512=x", "é", "\ud800", "None"]
)
def test_other_digests_are_others(other: str) -> None:
    assert not is_same_digest(other, MPPX_DIGEST)


def test_a_bodys_digest_is_what_clients_know() -> None:
    assert body_digest(BODY) == MPPX_DIGEST


def test_a_challenge_of_another_realm_or_network_or_secret_is_not_ours() -> None:
    for other in (
        challenger(realm="other.example"),
        challenger(network_id="profile_test_other"),
        challenger(OLD_SECRET),
    ):
        with pytest.raises(InvalidChallenge):
            other.authenticate(authorization(SENT))


def test_secrets_are_rotated_without_refusing_challenges_that_are_out() -> None:
    before, during = challenger(OLD_SECRET), challenger(SECRET, OLD_SECRET)
    old = authorization(credential(before.challenge(TERMS, nonce=NONCE)))
    new = authorization(credential(during.challenge(TERMS, nonce=NONCE)))
    assert during.authenticate(old).quote_id == TERMS.quote_id
    assert challenger(SECRET).authenticate(new).quote_id == TERMS.quote_id
    with pytest.raises(InvalidChallenge):
        challenger(SECRET).authenticate(old)


@pytest.mark.parametrize(
    ("request_changes", "opaque", "expires"),
    [
        ({"amount": "-5"}, {"quote_id": TERMS.quote_id}, "2026-11-27T12:30:00Z"),
        ({"amount": 120}, {"quote_id": TERMS.quote_id}, "2026-11-27T12:30:00Z"),
        ({"methodDetails": {}}, {"quote_id": TERMS.quote_id}, "2026-11-27T12:30:00Z"),
        ({}, {"quote_id": "quote_other"}, "2026-11-27T12:30:00Z"),
        ({}, {}, "2026-11-27T12:30:00Z"),
        ({}, {"quote_id": TERMS.quote_id}, None),
        ({}, {"quote_id": TERMS.quote_id}, "2026-11-27T12:30:00"),
        ({}, {"quote_id": TERMS.quote_id}, "soon"),
    ],
)
def test_what_another_program_signed_with_our_secret_is_not_ours(
    request_changes: dict[str, object], opaque: dict[str, str], expires: str | None
) -> None:
    foreign = mpp.Challenge.create(
        secret_key=SECRET,
        realm=REALM,
        method="stripe",
        intent="charge",
        request=parsed(CHALLENGE).request | request_changes,
        expires=expires,
        meta=opaque,
    )
    refused(credential(foreign.to_www_authenticate(REALM)), InvalidChallenge)


def test_a_receipt_is_what_an_independent_implementation_writes() -> None:
    paid_at = datetime(2026, 11, 27, 12, 0, 5, tzinfo=UTC)
    assert challenger().receipt(payment_id="pi_3Test", paid_at=paid_at) == MPPX_RECEIPT


@pytest.mark.parametrize("secrets", [(), ("",), (SECRET, "")])
def test_nothing_is_signed_without_a_secret(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret"):
        Challenger(secrets=secrets, realm=REALM, network_id="profile_test_x")


@pytest.mark.parametrize("realm", ["", "a|b", 'a"b', "a b", "a\r\nb", "é.example"])
def test_a_realm_that_would_need_quoting_is_refused(realm: str) -> None:
    with pytest.raises(ValueError, match="realm"):
        challenger(realm=realm)


def test_a_moment_without_a_time_zone_is_a_mistake_of_ours() -> None:
    terms = replace(TERMS, expires_at=datetime(2026, 11, 27, 12, 30))  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        challenger().challenge(terms, nonce=NONCE)
