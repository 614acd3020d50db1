"""What is sent for a challenge, by honest clients and others: nothing is believed unsigned."""

import hashlib
import json
from typing import Any

import mpp
import pytest

from studio.payments.challenges import (
    Credential,
    body_digest,
    is_payment,
)
from studio.payments.errors import (
    CredentialError,
    InvalidChallenge,
    InvalidPayload,
    MalformedCredential,
    MethodUnsupported,
    SeveralCredentials,
)
from tests.payment_scenes import (
    BODY,
    NONCE,
    TERMS,
    TOKEN,
    authorization,
    challenger,
    credential,
    decoded,
    encoded,
    parsed,
    read,
    refused,
    with_challenge,
    with_request,
)

CHALLENGE = challenger().challenge(TERMS, nonce=NONCE)
SENT = credential(CHALLENGE)
HONEST = authorization(SENT)
CHALLENGE_ID = parsed(CHALLENGE).id
DIGEST = body_digest(BODY)


def test_an_honest_credential_is_read_back_as_it_was_asked_for() -> None:
    assert read(SENT) == Credential(
        quote_id=TERMS.quote_id,
        challenge_id=CHALLENGE_ID,
        credential_hash=hashlib.sha256(f"{CHALLENGE_ID} {TOKEN}".encode()).hexdigest(),
        amount_cents=120,
        currency="usd",
        charges_digest="c" * 64,
        body_digest=DIGEST,
        token=TOKEN,
    )


def test_another_librarys_client_is_understood() -> None:
    sent = mpp.Credential(
        challenge=parsed(CHALLENGE).to_echo(),
        payload={"spt": TOKEN, "externalId": "order-7"},
        source="did:example:agent",
    )
    assert read(sent.to_authorization()) == read(SENT)


def test_the_same_payment_has_the_same_hash_however_it_is_written() -> None:
    rewritten = json.dumps(SENT | {"source": "x"}, indent=4)
    assert read(rewritten_header := authorization(rewritten)).credential_hash == (
        read(SENT).credential_hash
    )
    assert rewritten_header != authorization(SENT)


def test_another_token_or_another_challenge_has_another_hash() -> None:
    other_token = credential(CHALLENGE, {"spt": TOKEN + "2"})
    other_challenge = credential(challenger().challenge(TERMS, nonce="b" * 16))
    hashes = {read(sent).credential_hash for sent in (SENT, other_token, other_challenge)}
    assert len(hashes) == 3


def test_a_token_is_not_shown_where_a_credential_is() -> None:
    assert TOKEN not in repr(read(SENT))


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.replace("Payment", "payment"),
        lambda text: text.replace("Payment", "PAYMENT"),
        lambda text: f"  \t{text}\t ",
        lambda text: text.replace(" ", "  \t "),
        lambda text: text + "=" * (-len(text.split(" ")[1]) % 4),
    ],
)
def test_case_and_white_space_and_padding_do_not_matter(write: Any) -> None:
    assert read(write(authorization(SENT))) == read(SENT)


@pytest.mark.parametrize(
    "header",
    [
        f"{HONEST}, {HONEST}",
        f"{HONEST},{HONEST}",
        f"Bearer fvs_live_x, {HONEST}",
        f"{HONEST}, Basic dTpw",
        f"{HONEST},",
        f",{HONEST}",
    ],
)
def test_more_than_one_credential_is_refused_as_such(header: str) -> None:
    refused(header, SeveralCredentials)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Payment",
        "Payment ",
        "Bearer abc",
        HONEST.replace(" ", ""),
        HONEST.replace(" ", "\n"),
        HONEST.replace(" ", "\0"),
        f"{HONEST}\0",
        f"{HONEST}\n",
        f"{HONEST} {HONEST[8:]}",
        f"{HONEST[:-8]}!{HONEST[-8:]}",
        f"{HONEST}=====",
        HONEST.replace("Payment ", "Payment é"),
        "Payment ****",
        "Payment a",
        "Payment " + encoded(b"\xff\xfe"),
        "Payment " + encoded(b"{"),
        "Payment " + encoded(b"[]"),
        "Payment " + encoded(b"null"),
        "Payment " + encoded(b"NaN"),
        "Payment " + encoded(b"1" * 10_000),
        "Payment " + encoded(b"[" * 12_000),
        "Payment " + encoded(b'{"challenge":' * 900),
        "Payment " + encoded(b"\xef\xbb\xbf{}"),
        "Payment " + "A" * (16 * 1024 - 8),
        "Payment " + "A" * (16 * 1024),
        authorization({}),
        authorization({"challenge": SENT["challenge"]}),
        authorization({"payload": SENT["payload"]}),
        authorization(SENT | {"challenge": "x"}),
        authorization(SENT | {"challenge": {}}),
        authorization(SENT | {"challenge": {"id": "x"}}),
        authorization(with_challenge(SENT, {"id": None})),
        authorization(SENT | {"source": "\ud800"}),
        authorization(with_challenge(SENT, {"request": "****"})),
        authorization(with_challenge(SENT, {"request": None})),
        authorization(with_challenge(SENT, {"request": "!" + SENT["challenge"]["request"]})),
        authorization(with_challenge(SENT, {"request": encoded(b"[]")})),
        authorization(with_challenge(SENT, {"request": encoded(b'{"a":"\\ud800"}')})),
        authorization(with_challenge(SENT, {"request": encoded(b"[" * 7_000)})),
        authorization(with_challenge(SENT, {"request": encoded(b'{"a":' * 400)})),
        authorization(with_challenge(SENT, {"request": {"amount": "1"}})),
        authorization(with_challenge(SENT, {"opaque": encoded(b'{"quote_id":7}')})),
        authorization(with_challenge(SENT, {"opaque": {"quote_id": "x"}})),
        authorization(with_challenge(SENT, {"method": "Stripe"})),
        authorization(with_challenge(SENT, {"method": None})),
        authorization(with_challenge(SENT, {"header": "a b"})),
        authorization(with_challenge(SENT, {"description": "a\r\nSet-Cookie: x"})),
    ],
)
def test_what_cannot_be_read_is_malformed(header: str) -> None:
    refused(header, MalformedCredential)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "9" * 400])
def test_numbers_that_have_no_canonical_form_were_never_signed(number: str) -> None:
    request = encoded(f'{{"amount":{number}}}'.encode())
    refused(with_challenge(SENT, {"request": request}), InvalidChallenge)


@pytest.mark.parametrize("depth", [100, 480, 900, 1_500])
def test_a_request_of_any_depth_is_refused(depth: int) -> None:
    request = encoded(b'{"a":' * depth + b"1" + b"}" * depth)
    with pytest.raises((MalformedCredential, InvalidChallenge)):
        read(with_challenge(SENT, {"request": request}))


@pytest.mark.parametrize("changes", [{"method": "tempo"}, {"intent": "session"}, {"intent": None}])
def test_a_method_that_was_never_offered_is_named_as_that(changes: dict[str, object]) -> None:
    refused(with_challenge(SENT, changes), MethodUnsupported)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "1"},
        {"amount": 120},
        {"currency": "USD"},
        {"currency": "jpy"},
        {"description": "Something else"},
        {"methodDetails": {"networkId": "profile_of_someone_else"}},
        {"externalId": "order-7"},
    ],
)
def test_a_request_that_was_changed_is_no_longer_ours(changes: dict[str, object]) -> None:
    refused(with_request(SENT, changes), InvalidChallenge)


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": "2026-11-28T12:30:00Z"},
        {"expires": "2026-11-27T12:30:00.000Z"},
        {"expires": None},
        {"expires": "tomorrow"},
        {"digest": body_digest(b"{}")},
        {"digest": None},
        {"realm": "evil.example"},
        {"realm": None},
        {"id": "A" * 43},
        {"id": ""},
        {"id": ["x"]},
        {"opaque": encoded(b'{"n":"a1b2c3d4e5f60718","quote_id":"quote_of_someone_else"}')},
        {"opaque": encoded(b'{"quote_id":"quote_0123456789abcdef"}')},
        {"opaque": None},
        {"opaque": encoded(b"{}")},
        {"header": "Payment-Authorization"},
        # What is signed is joined with bars, so slots must not be able to trade places.
        {"expires": f"2026-11-27T12:30:00Z|{DIGEST}", "digest": None},
        {"digest": f"2026-11-27T12:30:00Z|{DIGEST}", "expires": None},
    ],
)
def test_a_challenge_that_was_changed_is_no_longer_ours(changes: dict[str, object]) -> None:
    refused(with_challenge(SENT, changes), InvalidChallenge)


def test_a_description_beside_what_is_signed_changes_nothing() -> None:
    assert read(with_challenge(SENT, {"description": "Free of charge"})) == read(SENT)


def test_the_default_header_may_be_named() -> None:
    assert read(with_challenge(SENT, {"header": "authorization"})) == read(SENT)


def test_a_name_given_twice_counts_as_it_was_verified() -> None:
    """The last one wins, for what is verified and for what is used."""
    challenge = json.dumps(SENT["challenge"])
    request = SENT["challenge"]["request"]
    forged = encoded(b'{"amount":"1"}')
    twice = challenge.replace(f'"{request}"', f'"{forged}", "request": "{request}"')
    text = f'{{"challenge": {twice}, "payload": {{"spt": "{TOKEN}"}}}}'
    assert read(authorization(text)) == read(SENT)
    inner = decoded(request)
    text = '{"amount":"1",' + json.dumps(inner)[1:]
    assert read(with_challenge(SENT, {"request": encoded(text.encode())})) == read(SENT)
    text = json.dumps(inner)[:-1] + ',"amount":"1"}'
    refused(with_challenge(SENT, {"request": encoded(text.encode())}), InvalidChallenge)


def test_the_end_of_a_challenge_is_signed_with_it() -> None:
    refused(with_challenge(SENT, {"expires": "2020-01-01T00:00:00Z"}), InvalidChallenge)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"spt": ""},
        {"spt": None},
        {"spt": 7},
        {"spt": [TOKEN]},
        {"spt": f" {TOKEN}"},
        {"spt": f"{TOKEN}\n"},
        {"spt": f"{TOKEN}\0"},
        {"spt": "spt_é"},
        {"spt": "x" * 256},
        {"SPT": TOKEN},
        {"externalId": TOKEN},
        [],
        "spt",
        False,
    ],
)
def test_a_payload_without_a_plausible_token_is_told_from_a_bad_challenge(payload: object) -> None:
    refused(SENT | {"payload": payload}, InvalidPayload)
    refused(with_challenge(SENT, {"id": "A" * 43}) | {"payload": payload}, InvalidChallenge)


def test_the_longest_token_is_taken() -> None:
    assert read(credential(CHALLENGE, {"spt": "x" * 255})).token == "x" * 255


@pytest.mark.parametrize(
    "sent",
    [
        with_request(SENT, {"amount": "1"}),
        with_challenge(SENT, {"method": "secretmethod"}),
        with_challenge(SENT, {"opaque": "c2VjcmV0"}),
        SENT | {"payload": {"spt": "secret token"}},
        "Payment secret!",
        f"{HONEST}, {HONEST}",
    ],
)
def test_no_refusal_repeats_or_carries_anything_of_the_credential(sent: object) -> None:
    with pytest.raises(CredentialError) as caught:
        read(sent)
    said = f"{caught.value!r} {caught.value.detail}"
    assert "secret" not in said
    assert TOKEN not in said
    assert CHALLENGE_ID not in said
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("header", [HONEST, "payment", " PAYMENT\tx", f"Bearer x, {HONEST}"])
def test_who_means_to_pay_is_known_by_the_scheme(header: str) -> None:
    assert is_payment(header)


@pytest.mark.parametrize("header", ["Bearer payment", "Paymentx y", "Basic dTpw", ""])
def test_who_means_anything_else_does_not_pay(header: str) -> None:
    assert not is_payment(header)
