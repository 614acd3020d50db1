"""How many quotes one address may ask for."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import error_response
from gateway.limits import RATED_ADDRESSES_MAX, AddressRate, TooManyQuotes


class Seconds:
    """A clock that a test sets."""

    def __init__(self, at: float = 0.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def refused_for_seconds(rate: AddressRate, address: str) -> int:
    with pytest.raises(TooManyQuotes) as refusal:
        rate.take(address)
    return refusal.value.retry_after_seconds


def test_an_address_has_a_minutes_quotes_at_once_and_then_waits_for_the_next() -> None:
    clock = Seconds()
    rate = AddressRate(6, clock)
    for _ in range(6):
        rate.take("198.51.100.1")

    assert refused_for_seconds(rate, "198.51.100.1") == 10
    clock.at = 7.5
    assert refused_for_seconds(rate, "198.51.100.1") == 3  # 2.5 s, in whole seconds
    clock.at = 10
    rate.take("198.51.100.1")
    assert refused_for_seconds(rate, "198.51.100.1") == 10


def test_a_refusal_costs_nothing() -> None:
    clock = Seconds()
    rate = AddressRate(1, clock)
    rate.take("198.51.100.1")

    assert {refused_for_seconds(rate, "198.51.100.1") for _ in range(100)} == {60}


def test_addresses_do_not_share_their_quotes() -> None:
    rate = AddressRate(1, Seconds())
    rate.take("198.51.100.1")
    rate.take("198.51.100.2")


def test_time_that_was_not_used_is_not_saved_up_for_more_than_a_minute() -> None:
    clock = Seconds()
    rate = AddressRate(2, clock)
    rate.take("198.51.100.1")
    clock.at = 100_000
    rate.take("198.51.100.1")
    rate.take("198.51.100.1")

    assert refused_for_seconds(rate, "198.51.100.1") == 30


@given(
    per_minute_max=st.integers(1, 1000),
    began=st.floats(0, 1e8, allow_nan=False),
    pauses=st.lists(st.floats(0, 90), max_size=30),
)
def test_who_waits_as_told_is_let_through_and_a_second_before_that_is_not(
    per_minute_max: int, began: float, pauses: list[float]
) -> None:
    clock = Seconds(began)
    rate = AddressRate(per_minute_max, clock)
    for pause in [*pauses, *([0.0] * per_minute_max)]:
        clock.at += pause
        try:
            rate.take("198.51.100.1")
        except TooManyQuotes as refusal:
            told = refusal.retry_after_seconds
            assert 1 <= told <= math.ceil(60 / per_minute_max)
            if told > 1:
                clock.at += told - 1
                assert refused_for_seconds(rate, "198.51.100.1") == 1
                clock.at += 1
            else:
                clock.at += told
            rate.take("198.51.100.1")


def test_memory_is_bounded_and_keeps_who_came_last() -> None:
    rate = AddressRate(1, Seconds())
    rate.take("first")
    for number in range(RATED_ADDRESSES_MAX):
        rate.take(f"caller-{number}")

    rate.take("first")  # forgotten
    assert refused_for_seconds(rate, f"caller-{RATED_ADDRESSES_MAX - 1}") == 60


def test_the_answer_is_429_and_says_exactly_when_to_come_back() -> None:
    answer = error_response(TooManyQuotes(60, 7), "request-1")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert b"More than 60 quotes a minute" in answer.body
