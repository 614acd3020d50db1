"""Cases of paid quotes and tests are checked against each other, both ways."""

from tests.architecture.markers import marked
from tests.payment_cases import PAYMENT_CASES

CASES_COUNT = 45
"""Gathered from the protocol's drafts, its libraries' defects and what others reported."""


def _named() -> set[int]:
    return marked("payment_case", int)


def test_every_case_has_a_test() -> None:
    assert set(PAYMENT_CASES) - _named() == set()


def test_no_test_names_an_unknown_case() -> None:
    assert _named() - set(PAYMENT_CASES) == set()


def test_no_case_is_left_out() -> None:
    assert list(PAYMENT_CASES) == list(range(1, CASES_COUNT + 1))
