"""The answers about a wallet. One credit is one US cent."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from gateway.services.links import API_PREFIX
from gateway.services.wallets import EntryKind, EntryPage, StatementEntry, WalletView


class GrantResource(BaseModel):
    """Credits that were given and not bought. They are spent first, and end at `expires_at`."""

    grant_id: str
    credits: int
    credits_remaining: int = Field(description="Neither held, spent nor ended.")
    reason: str
    expires_at: datetime | None
    created_at: datetime


class WalletResource(BaseModel):
    """What the key's renders are paid from."""

    environment: Literal["live", "test"] = Field(
        description="A test key has a wallet of its own, which fills itself."
    )
    credits_available: int = Field(description="What a new render may hold.")
    credits_held: int = Field(description="Held for renders that are being made.")
    credits_granted: int = Field(description="The part of `credits_available` that was a gift.")
    credits_owed: int = Field(
        description="Of purchases that were taken back after they were spent; above 0 nothing "
        "new can be started."
    )
    low_balance: bool = Field(description="Whether less is available than the account's notice.")
    low_balance_credits: int | None = Field(description="The account's notice; null for none.")
    grants: list[GrantResource]


class EntryResource(BaseModel):
    """One movement. `project_id` and `line_id` are those of a render and its receipt."""

    entry_id: str
    created_at: datetime
    kind: EntryKind
    credits: int
    change_available: int = Field(
        description="What it did to the credits available: a hold of 20 is -20; the charge of 15 "
        "of it gives 5 back."
    )
    project_id: str | None
    line_id: str | None
    label: str | None = Field(description="The line's words on the receipt.")
    receipt_url: str | None
    reference: str | None = Field(description="The purchase, payout or gift, where no render is.")
    reason: str | None


class EntryPageResource(BaseModel):
    items: list[EntryResource]
    next_cursor: str | None


def wallet_resource(view: WalletView) -> WalletResource:
    return WalletResource(
        environment="test" if view.is_test else "live",
        credits_available=view.available,
        credits_held=view.held,
        credits_granted=view.promotional,
        credits_owed=view.owed,
        low_balance=view.is_low,
        low_balance_credits=view.low_balance_credits,
        grants=[
            GrantResource(
                grant_id=gift.grant_id,
                credits=gift.credits,
                credits_remaining=gift.remaining,
                reason=gift.reason,
                expires_at=gift.expires_at,
                created_at=gift.created_at,
            )
            for gift in view.grants
        ],
    )


def entry_page_resource(page: EntryPage, *, base_url: str) -> EntryPageResource:
    return EntryPageResource(
        items=[_entry_resource(entry, base_url) for entry in page.entries],
        next_cursor=page.next_cursor,
    )


def _entry_resource(entry: StatementEntry, base_url: str) -> EntryResource:
    line, render_id = entry.line, entry.line.render_id
    receipt = f"{base_url}{API_PREFIX}/renders/{render_id}/receipt" if render_id else None
    return EntryResource(
        entry_id=line.transfer_id,
        created_at=line.created_at,
        kind=entry.kind,
        credits=line.credits,
        change_available=line.change_available,
        project_id=render_id,
        line_id=line.line_id,
        label=entry.label,
        receipt_url=receipt,
        reference=None if render_id else line.subject,
        reason=line.reason,
    )
