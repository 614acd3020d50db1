"""Credits for accounts of tests."""

from datetime import datetime

from studio.db.engine import Database
from studio.ledger.service import top_up, wallet_id


def give_credits(
    database: Database, account_id: str, *, now: datetime, credits_: int = 1000
) -> None:
    with database.transaction() as session:
        wallet = wallet_id(account_id)
        top_up(session, wallet=wallet, credits=credits_, reference=f"test-{credits_}", now=now)
