import hashlib
import hmac
import re
import secrets
import zlib
from collections import Counter
from itertools import cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.accounts import keys
from studio.accounts.tables import KeyEnvironment
from studio.contracts import tokens
from studio.contracts.tokens import ALPHABET, checksum

PEPPER = b"p" * 32
KEY = keys.make_secret(KeyEnvironment.LIVE, lambda count: bytes(range(100, 100 + count)))
"""Always the same, so that processes that share the tests agree on their names."""


@pytest.mark.parametrize("environment", list(KeyEnvironment))
def test_a_key_names_its_environment_and_passes_its_own_check(environment: KeyEnvironment) -> None:
    secret = keys.make_secret(environment, secrets.token_bytes)
    assert re.fullmatch(rf"fvs_{environment.value}_[0-9A-Za-z]{{38}}", secret)
    assert keys.parse_secret(secret) is environment


def test_the_check_is_the_crc_32_of_all_before_it_in_base_62() -> None:
    number = 0
    for letter in KEY[-6:]:
        number = number * 62 + ALPHABET.index(letter)
    assert number == zlib.crc32(KEY[:-6].encode())


def test_a_small_checksum_is_padded() -> None:
    texts = (f"{number}" for number in range(100_000))
    small = next(text for text in texts if zlib.crc32(text.encode()) < 62**5)
    assert len(checksum(small)) == 6
    assert checksum(small).startswith("0")


@given(position=st.integers(0, len(KEY) - 1), letter=st.sampled_from(ALPHABET))
def test_a_key_with_one_wrong_letter_is_no_key(position: int, letter: str) -> None:
    changed = KEY[:position] + letter + KEY[position + 1 :]
    assert keys.parse_secret(changed) is (KeyEnvironment.LIVE if changed == KEY else None)


@given(st.text(max_size=60))
def test_any_other_text_is_no_key(text: str) -> None:
    assert keys.parse_secret(text) is None


@pytest.mark.parametrize(
    "text",
    ["", KEY + "\n", f" {KEY}", KEY[:-1], KEY + "0", KEY.replace("live", "test"), KEY.upper()],
)
def test_what_is_nearly_a_key_is_no_key(text: str) -> None:
    assert keys.parse_secret(text) is None


def test_a_digit_beyond_ascii_is_no_base_62() -> None:
    body = "fvs_live_" + "٣" * 32
    assert keys.parse_secret(body + checksum(body)) is None


def test_every_letter_has_the_same_chance() -> None:
    every_byte = cycle(range(256))
    letters = tokens._letters(lambda n: bytes(next(every_byte) for _ in range(n)))
    drawn = Counter(islice(letters, 4 * len(ALPHABET)))
    assert drawn == Counter(ALPHABET * 4)


def test_what_is_stored_is_an_hmac_under_the_pepper() -> None:
    expected = hmac.new(PEPPER, KEY.encode(), hashlib.sha256).hexdigest()
    assert keys.digest(KEY, PEPPER) == expected
    assert keys.digest(KEY, b"q" * 32) != expected


@pytest.mark.parametrize("pepper", [b"", b"p" * 15])
def test_a_weak_pepper_is_refused(pepper: bytes) -> None:
    with pytest.raises(ValueError, match="pepper"):
        keys.digest(KEY, pepper)


def test_no_pepper_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="pepper"):
        keys.digests(KEY, [])


def test_the_hint_shows_the_kind_and_the_last_four_letters() -> None:
    assert keys.hint(KEY) == f"fvs_live_…{KEY[-4:]}"
