"""What ledger tests start from: a moment, a funded wallet, a render's lines."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.contracts.plan import ChargeLine
from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.tables import GrantRow, GrantUseRow, LedgerAccountRow, TransferRow

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EXPIRY = NOW + timedelta(hours=24)
OWNER = "acct_1"
WALLET = ledger.wallet_id(OWNER)
RENDER = "proj_api_0123456789abcdef"
LINES = {"project": 12, "planning": 10, "shot-001/keyframe": 21, "shot-001/video": 60}
TOTAL = sum(LINES.values())

Row = tuple[object, ...]


def charge_lines(credits_by_line: Mapping[str, int]) -> list[ChargeLine]:
    return [
        ChargeLine(line_id=line_id, label=line_id, credits=credits)
        for line_id, credits in credits_by_line.items()
    ]


def fund(database: Database, credits: int, *, owner: str = OWNER) -> str:
    """Open the owner's wallet and put this many credits into it."""
    with database.transaction() as session:
        wallet = ledger.open_wallet(session, owner=owner, now=NOW)
        if credits:
            reference = f"funds-of-{owner}"
            ledger.top_up(session, wallet=wallet, credits=credits, reference=reference, now=NOW)
    return wallet


def hold(session: Session, lines: Mapping[str, int] = LINES, *, subject: str = RENDER) -> None:
    ledger.reserve(
        session,
        wallet=WALLET,
        subject=subject,
        lines=charge_lines(lines),
        expires_at=EXPIRY,
        now=NOW,
    )


def pay_out(
    database: Database, credits: int, *, reference: str = "refund_1", wallet: str = WALLET
) -> None:
    with database.transaction() as session:
        ledger.pay_out(
            session,
            wallet=wallet,
            credits=credits,
            reference=reference,
            reason="no film",
            now=NOW,
        )


def return_payout(database: Database, *, reference: str = "refund_1") -> None:
    with database.transaction() as session:
        ledger.return_payout(session, reference=reference, now=NOW)


def rows(database: Database) -> list[list[Row]]:
    """Every row of the ledger, to see that a refusal left nothing behind."""
    tables = [table.__table__ for table in (LedgerAccountRow, TransferRow, GrantRow, GrantUseRow)]
    with database.reading() as session:
        return [
            sorted(tuple(row) for row in session.execute(select(*table.columns)).all())
            for table in tables
        ]


def give(
    database: Database,
    credits: int,
    *,
    grant_id: str = "gift",
    lasts: timedelta | None = None,
    wallet: str = WALLET,
    now: datetime = NOW,
) -> None:
    with database.transaction() as session:
        ledger.grant(
            session,
            wallet=wallet,
            grant_id=grant_id,
            credits=credits,
            reason="Welcome",
            expires_at=None if lasts is None else now + lasts,
            now=now,
        )


def balance_of(database: Database, wallet: str = WALLET) -> ledger.Balance:
    with database.reading() as session:
        return ledger.balance(session, wallet=wallet)


def findings(database: Database) -> list[str]:
    with database.reading() as session:
        return ledger.audit(session)
