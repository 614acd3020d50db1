"""Lists of cases and the tests that prove them are checked against each other, both ways."""

from collections.abc import Collection
from dataclasses import dataclass

import pytest

from tests.architecture.markers import marked
from tests.mcp_cases import MCP_CASES, NOT_HERE
from tests.payment_cases import PAYMENT_CASES

PAYMENT_CASES_COUNT = 45
"""Gathered from the protocol's drafts, its libraries' defects and what others reported."""
MCP_GROUPS_COUNT = 30
"""Gathered from the revisions of the protocol, defects of its SDKs and what users reported."""


@dataclass(frozen=True)
class Cases:
    """A list of cases, and what the tests say in its marker."""

    listed: Collection[int | str]
    named: Collection[int | str]


@pytest.fixture(params=["payment_case", "mcp_case"])
def cases(request: pytest.FixtureRequest) -> Cases:
    if request.param == "payment_case":
        return Cases(set(PAYMENT_CASES), marked("payment_case", int))
    return Cases(set(MCP_CASES), marked("mcp_case", str))


def test_every_case_has_a_test(cases: Cases) -> None:
    assert set(cases.listed) - set(cases.named) == set()


def test_no_test_names_an_unknown_case(cases: Cases) -> None:
    assert set(cases.named) - set(cases.listed) == set()


def test_no_case_of_payments_is_left_out() -> None:
    assert list(PAYMENT_CASES) == list(range(1, PAYMENT_CASES_COUNT + 1))


def test_no_group_of_mcp_is_left_out() -> None:
    assert set(MCP_CASES) & set(NOT_HERE) == set()
    groups = [int(case.partition(".")[0]) for case in MCP_CASES]
    assert groups == sorted(groups)
    assert set(groups) == set(range(1, MCP_GROUPS_COUNT + 1))
