"""Claim tokens: derived, recognised, remembered by their hash."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.contracts.redaction import redact_text
from studio.contracts.tokens import ALPHABET, is_token, make_token
from studio.quotes.claim_tokens import claim_hash, derive_claim_token, is_claim_of, rederive

SECRET = "an-mpp-secret-for-tests-only-0123456789"
OTHER = "another-mpp-secret-for-tests-9876543210"
QUOTE_ID = "quote_0123456789abcdef"
TOKEN = derive_claim_token(QUOTE_ID, SECRET)
STORED = claim_hash(TOKEN)


def test_a_token_has_the_form_of_our_keys() -> None:
    assert re.fullmatch(r"fvs_claim_[0-9A-Za-z]{38}", TOKEN)
    assert is_token("fvs_claim_", TOKEN)
    assert not is_token("fvs_live_", TOKEN)


def test_a_token_is_the_same_whenever_and_wherever_it_is_derived() -> None:
    """Another release must derive it too, or quotes that are out would lose their tokens."""
    assert TOKEN == "fvs_claim_8SQG5FdvpDMf3PDs3LRp3NlQLwj8w5qD335VxS"


def test_every_quote_and_every_secret_has_a_token_of_its_own() -> None:
    quotes = [f"quote_{number:016x}" for number in range(500)]
    tokens = {derive_claim_token(quote_id, key) for quote_id in quotes for key in (SECRET, OTHER)}
    assert len(tokens) == 1000
    letters = "".join(token[len("fvs_claim_") : -6] for token in tokens)
    assert set(letters) == set(ALPHABET)


@pytest.mark.payment_case(34)
def test_only_a_hash_is_stored() -> None:
    assert hashlib.sha256(TOKEN.encode()).hexdigest() == STORED


def test_a_token_is_claimed_by_itself_alone() -> None:
    assert is_claim_of(TOKEN, STORED)
    assert not is_claim_of(derive_claim_token("quote_other", SECRET), STORED)
    assert not is_claim_of(derive_claim_token(QUOTE_ID, OTHER), STORED)
    assert not is_claim_of(STORED, STORED)


@given(position=st.integers(0, len(TOKEN) - 1), letter=st.characters())
def test_a_token_with_one_other_letter_claims_nothing(position: int, letter: str) -> None:
    changed = TOKEN[:position] + letter + TOKEN[position + 1 :]
    assert is_claim_of(changed, STORED) is (changed == TOKEN)


@given(st.text(st.characters(), max_size=60))
def test_any_other_text_claims_nothing(text: str) -> None:
    assert not is_claim_of(text, STORED)
    assert not is_claim_of(text, text)


@pytest.mark.parametrize(
    "text", ["", TOKEN + "\n", f" {TOKEN}", TOKEN[:-1], TOKEN + "0", TOKEN.upper(), f"{TOKEN}\0"]
)
def test_what_is_nearly_a_token_claims_nothing(text: str) -> None:
    assert not is_claim_of(text, STORED)


def test_a_well_formed_token_that_nobody_derived_claims_nothing() -> None:
    assert not is_claim_of(make_token("fvs_claim_", lambda count: b"\0" * count), STORED)


def test_a_token_is_named_again_under_any_secret_that_is_kept() -> None:
    assert rederive(QUOTE_ID, [SECRET], STORED) == TOKEN
    assert rederive(QUOTE_ID, [OTHER, SECRET], STORED) == TOKEN


def test_a_token_is_not_named_again_without_its_secret_or_for_another_quote() -> None:
    assert rederive(QUOTE_ID, [OTHER], STORED) is None
    assert rederive(QUOTE_ID, [], STORED) is None
    assert rederive("quote_other", [SECRET, OTHER], STORED) is None


def test_no_log_keeps_a_token() -> None:
    assert TOKEN not in redact_text(f"GET /paid-renders/{QUOTE_ID}?claim_token={TOKEN}")
    assert TOKEN not in redact_text(f"the token {TOKEN} was sent")
