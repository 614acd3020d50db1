"""The ledger's writing functions as the state machine calls them."""

from datetime import datetime

from sqlalchemy.orm import Session

from studio.ledger import service as ledger
from tests.ledger_scenes import EXPIRY, NOW, charge_lines


class Operations:
    """The real ones, at the moment `now`."""

    def __init__(self) -> None:
        self.now = NOW

    def top_up(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        ledger.top_up(session, wallet=wallet, credits=credits, reference=reference, now=self.now)

    def reserve(self, session: Session, wallet: str, subject: str, lines: dict[str, int]) -> None:
        ledger.reserve(
            session,
            wallet=wallet,
            subject=subject,
            lines=charge_lines(lines),
            expires_at=EXPIRY,
            now=self.now,
        )

    def settle(self, session: Session, subject: str, line_id: str, credits: int | None) -> None:
        ledger.settle(session, subject=subject, line_id=line_id, credits=credits, now=self.now)

    def settle_lines(self, session: Session, subject: str, line_ids: list[str]) -> int:
        return ledger.settle_lines(session, subject=subject, line_ids=line_ids, now=self.now)

    def release(self, session: Session, subject: str) -> int:
        return ledger.release_open(session, subject=subject, now=self.now)

    def expire(self, session: Session, subject: str, now: datetime) -> int:
        return ledger.expire_due(session, subjects=[subject], now=now)

    def refund(
        self, session: Session, subject: str, line_id: str, credits: int, reference: str
    ) -> None:
        ledger.refund(
            session,
            subject=subject,
            line_id=line_id,
            credits=credits,
            reason="a test",
            reference=reference,
            now=self.now,
        )

    def refund_settled(self, session: Session, subject: str, prefix: str) -> int:
        return ledger.refund_settled(
            session, subject=subject, reason="a test", reference_prefix=prefix, now=self.now
        )

    def pay_out(self, session: Session, wallet: str, credits: int, reference: str) -> None:
        ledger.pay_out(
            session,
            wallet=wallet,
            credits=credits,
            reference=reference,
            reason="a test",
            now=self.now,
        )

    def return_payout(self, session: Session, reference: str) -> None:
        ledger.return_payout(session, reference=reference, now=self.now)

    def grant(
        self,
        session: Session,
        wallet: str,
        credits: int,
        grant_id: str,
        expires_at: datetime | None,
    ) -> None:
        ledger.grant(
            session,
            wallet=wallet,
            grant_id=grant_id,
            credits=credits,
            reason="a test",
            expires_at=expires_at,
            now=self.now,
        )

    def end_gifts(self, session: Session) -> tuple[int, int]:
        return ledger.expire_grants(session, now=self.now, limit=100)

    def withdraw(self, session: Session, wallet: str, credits_max: int, reference: str) -> int:
        return ledger.withdraw(
            session,
            wallet=wallet,
            credits_max=credits_max,
            reference=reference,
            reason="a test",
            now=self.now,
        )
