"""A payment token waits in the database, and nobody who reads that can charge it."""

import base64

import pytest
from cryptography.fernet import Fernet, InvalidToken

from studio.payments.errors import TokenUnreadable
from studio.payments.sealing import Seal

SECRET = "an-mpp-secret-for-tests-only-0123456789"
OTHER = "another-mpp-secret-for-tests-9876543210"
TOKEN = "spt_test_1TokenOfTheCard"


@pytest.mark.parametrize("token", [TOKEN, "", "x" * 255, "~!", "schlüssel"])
def test_a_sealed_token_opens_again(token: str) -> None:
    seal = Seal([SECRET])
    assert seal.open(seal.seal(token)) == token


def test_a_sealed_token_shows_nothing_and_is_never_the_same_twice() -> None:
    seal = Seal([SECRET])
    first, second = seal.seal(TOKEN), seal.seal(TOKEN)
    assert first != second
    assert TOKEN.encode() not in base64.urlsafe_b64decode(first)


def test_secrets_are_rotated_while_tokens_are_sealed() -> None:
    old = Seal([OTHER]).seal(TOKEN)
    during = Seal([SECRET, OTHER])
    assert during.open(old) == TOKEN
    assert Seal([SECRET]).open(during.seal(TOKEN)) == TOKEN


def test_another_secret_opens_nothing_and_says_so_without_it() -> None:
    with pytest.raises(TokenUnreadable) as caught:
        Seal([OTHER]).open(Seal([SECRET]).seal(TOKEN))
    assert TOKEN not in repr(caught.value)
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize("position", [0, 20, 40, 60, 80, 100])
def test_a_seal_that_was_tampered_with_does_not_open(position: int) -> None:
    sealed = bytearray(Seal([SECRET]).seal(TOKEN))
    sealed[position] ^= 1
    with pytest.raises(TokenUnreadable):
        Seal([SECRET]).open(bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"spt_test_1", b"\xff" * 100, b"gAAAAA"])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(TokenUnreadable):
        Seal([SECRET]).open(sealed)


def test_the_key_is_not_the_secret_itself() -> None:
    """Neither what signs challenges nor what derives claim tokens opens a sealed token."""
    secret = base64.urlsafe_b64encode(b"k" * 32).decode()
    with pytest.raises(InvalidToken):
        Fernet(secret).decrypt(Seal([secret]).seal(TOKEN))


def test_a_seal_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        Seal([])
