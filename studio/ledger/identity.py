"""Ids that follow from meaning, so that doing a thing twice is seen to be the same thing."""

from typing import Final
from uuid import UUID, uuid5

from studio.contracts.names import is_test_side

CASH: Final = "house:cash"
REVENUE: Final = "house:revenue"
REFUNDS: Final = "house:refunds"
GRANTS: Final = "house:grants"
"""Our side of every transfer of real credits. Migrations insert them, as they do those of tests."""

TEST_HOUSES: Final = {
    CASH: "house:test-cash",
    REVENUE: "house:test-revenue",
    REFUNDS: "house:test-refunds",
}
"""Our side of transfers of test credits, which are nobody's money. Nothing is given for tests."""

_NAMESPACE = UUID("6f1c7d0e-5a0b-5c58-9d5f-2b8f0b6f7a11")
"""Ours, drawn once. Changing it would make every past transfer look new."""


def wallet_id(owner: str) -> str:
    """The id of an owner's wallet; the owner is an account or a guest's quote."""
    return f"wallet:{owner}"


def house_of(wallet: str, house: str) -> str:
    """Our side of a transfer with this wallet: `house`, or what stands for it in tests."""
    return TEST_HOUSES[house] if is_test_side(wallet) else house


def transfer_id(subject: str, step: str) -> UUID:
    """The id of the one transfer that does `step` for `subject`.

    The length keeps the two apart: no other subject and step give the same text.
    """
    return uuid5(_NAMESPACE, f"{len(subject)}:{subject}:{step}")
