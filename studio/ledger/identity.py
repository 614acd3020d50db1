"""Ids that follow from meaning, so that doing a thing twice is seen to be the same thing."""

from uuid import UUID, uuid5

CASH = "house:cash"
REVENUE = "house:revenue"
REFUNDS = "house:refunds"
"""Our side of every transfer. The first migration inserts them."""

_NAMESPACE = UUID("6f1c7d0e-5a0b-5c58-9d5f-2b8f0b6f7a11")
"""Ours, drawn once. Changing it would make every past transfer look new."""


def wallet_id(owner: str) -> str:
    """The id of an owner's wallet; the owner is an account or a guest's quote."""
    return f"wallet:{owner}"


def transfer_id(subject: str, step: str) -> UUID:
    """The id of the one transfer that does `step` for `subject`.

    The length keeps the two apart: no other subject and step give the same text.
    """
    return uuid5(_NAMESPACE, f"{len(subject)}:{subject}:{step}")
