"""What the ledger should do, as plain dictionaries: the model that the state machine compares."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from studio.ledger import service as ledger
from studio.ledger.errors import (
    ExceedsHold,
    ExceedsSettlement,
    HoldAlreadyResolved,
    HoldExpired,
    IdempotencyConflict,
    InsufficientCredits,
    InvalidExpiry,
    NotSettled,
    TestWallet,
    UnknownHold,
    UnknownPayout,
)

Refusal = type[Exception]

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Line:
    """A hold line. `charged` is None until it is settled, `given_back` names the refusal after."""

    credits: int
    charged: int | None = None
    given_back: Refusal | None = None
    refunded: int = 0

    @property
    def is_open(self) -> bool:
        return self.charged is None and self.given_back is None


@dataclass
class Gift:
    """Credits that were given; `uses` are what each subject took of them."""

    grant_id: str
    wallet: str
    credits: int
    expires_at: datetime
    created_at: datetime
    remaining: int
    ended: bool = False
    uses: dict[str, int] = field(default_factory=dict)

    @property
    def turn(self) -> tuple[datetime, datetime, str]:
        """Those with the lowest turn are spent first."""
        return self.expires_at, self.created_at, self.grant_id

    def is_over(self, now: datetime) -> bool:
        return self.ended or self.expires_at <= now


@dataclass
class Wallet:
    granted: int = 0
    spent: int = 0
    held: int = 0
    topped_up: int = 0
    paid_out: int = 0
    returned: int = 0
    gifts: list[Gift] = field(default_factory=list)

    @property
    def balance(self) -> ledger.Balance:
        available = self.granted - self.spent - self.held
        promotional = sum(gift.remaining for gift in self.gifts)
        return ledger.Balance(available, self.held, self.spent, self.granted, promotional)

    @property
    def bought(self) -> int:
        """What can be paid out."""
        return min(self.balance.available - self.balance.promotional, self.cash.kept)

    def end(self, gift: Gift) -> int:
        left, gift.remaining, gift.ended = gift.remaining, 0, True
        self.spent += left
        return left

    @property
    def cash(self) -> ledger.Cash:
        return ledger.Cash(self.topped_up, self.paid_out, self.returned)


@dataclass
class Render:
    wallet: str
    lines: dict[str, Line]

    @property
    def asked(self) -> dict[str, int]:
        return {line_id: line.credits for line_id, line in self.lines.items()}

    @property
    def summary(self) -> ledger.SubjectSummary:
        reserved = sum(line.credits for line in self.lines.values())
        settled = sum(line.charged or 0 for line in self.lines.values())
        still_open = sum(line.credits for line in self.lines.values() if line.is_open)
        return ledger.SubjectSummary(reserved, settled, still_open, reserved - settled - still_open)

    @property
    def refunded(self) -> int:
        return sum(line.refunded for line in self.lines.values())


@dataclass
class Model:
    """Each method says which refusal is due, or does it and says None."""

    wallets: dict[str, Wallet] = field(default_factory=dict)
    renders: dict[str, Render] = field(default_factory=dict)
    payments: dict[str, tuple[str, int]] = field(default_factory=dict)
    refunds: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    payouts: dict[str, tuple[str, int]] = field(default_factory=dict)
    returns: set[str] = field(default_factory=set)
    gifts: dict[str, Gift] = field(default_factory=dict)

    @property
    def charged_lines(self) -> list[tuple[str, str, Line]]:
        """Subject, id and line of everything charged."""
        return [
            (subject, line_id, line)
            for subject, render in self.renders.items()
            for line_id, line in render.lines.items()
            if line.charged is not None
        ]

    def top_up(self, wallet: str, credits: int, reference: str) -> Refusal | None:
        if reference in self.payments:
            return None if self.payments[reference] == (wallet, credits) else IdempotencyConflict
        self.payments[reference] = (wallet, credits)
        self.wallets[wallet].granted += credits
        self.wallets[wallet].topped_up += credits
        return None

    def grant(
        self, wallet: str, credits: int, grant_id: str, expires_at: datetime | None, now: datetime
    ) -> Refusal | None:
        if wallet.endswith("~test"):
            return TestWallet
        if grant_id in self.gifts:
            known = self.gifts[grant_id]
            same = (known.wallet, known.credits) == (wallet, credits)
            return None if same else IdempotencyConflict
        if expires_at is not None and expires_at <= now:
            return InvalidExpiry
        gift = Gift(grant_id, wallet, credits, expires_at or NEVER, now, credits)
        self.gifts[grant_id] = gift
        self.wallets[wallet].gifts.append(gift)
        self.wallets[wallet].granted += credits
        return None

    def end_gifts(self, now: datetime) -> tuple[int, int]:
        """How many gifts end, and the credits that leave their wallets."""
        due = [gift for gift in self.gifts.values() if gift.is_over(now) and not gift.ended]
        return len(due), sum(self.wallets[gift.wallet].end(gift) for gift in due)

    def spendable(self, wallet: str, now: datetime) -> int:
        over = sum(gift.remaining for gift in self.wallets[wallet].gifts if gift.is_over(now))
        return self.wallets[wallet].balance.available - over

    def reserve(
        self, wallet: str, subject: str, lines: dict[str, int], now: datetime
    ) -> Refusal | None:
        priced = {line_id: credits for line_id, credits in lines.items() if credits}
        if subject in self.renders:
            render = self.renders[subject]
            same = render.wallet == wallet and render.asked == priced
            return None if same else IdempotencyConflict
        if sum(priced.values()) > self.spendable(wallet, now):
            return InsufficientCredits
        if priced:
            self._use_gifts(wallet, subject, sum(priced.values()), now)
            held = {line_id: Line(credits) for line_id, credits in priced.items()}
            self.renders[subject] = Render(wallet, held)
            self.wallets[wallet].held += sum(priced.values())
        return None

    def settle(
        self, subject: str, line_id: str, credits: int | None, now: datetime
    ) -> Refusal | None:
        line = self._line(subject, line_id)
        if line is None:
            return UnknownHold
        amount = line.credits if credits is None else credits
        if amount > line.credits:
            return ExceedsHold
        if line.given_back is not None:
            return line.given_back
        if line.charged is not None:
            return None if line.charged == amount else IdempotencyConflict
        self._charge(self.renders[subject], line, amount)
        self._shrink_uses(subject, now)
        return None

    def settle_lines(self, subject: str, line_ids: list[str]) -> Refusal | None:
        lines = [line for line in (self._line(subject, name) for name in line_ids) if line]
        for line in lines:
            if line.given_back is not None:
                return line.given_back
        for line in lines:
            if line.is_open:
                self._charge(self.renders[subject], line, line.credits)
        return None

    def give_back(self, subject: str, now: datetime, *, expired: bool) -> int:
        """Void or expire whatever is open; returns the credits."""
        released = 0
        render = self.renders.get(subject)
        for line in render.lines.values() if render else ():
            if render and line.is_open:
                line.given_back = HoldExpired if expired else HoldAlreadyResolved
                self.wallets[render.wallet].held -= line.credits
                released += line.credits
        self._shrink_uses(subject, now)
        return released

    def refund(self, subject: str, line_id: str, credits: int, reference: str) -> Refusal | None:
        line = self._line(subject, line_id)
        if line is None or line.charged is None:
            return NotSettled
        if reference in self.refunds:
            same = self.refunds[reference] == (subject, line_id, credits)
            return None if same else IdempotencyConflict
        if line.refunded + credits > line.charged:
            return ExceedsSettlement
        self.refunds[reference] = (subject, line_id, credits)
        line.refunded += credits
        self.wallets[self.renders[subject].wallet].granted += credits
        return None

    def refundable(self, subject: str) -> dict[str, int]:
        """What each charged line of the subject has left to give back."""
        render = self.renders.get(subject)
        lines = render.lines if render else {}
        left = {name: (line.charged or 0) - line.refunded for name, line in lines.items()}
        return {name: credits for name, credits in left.items() if credits}

    def refund_settled(self, subject: str, prefix: str) -> Refusal | None:
        due = self.refundable(subject)
        if any(f"{prefix}:{line_id}" in self.refunds for line_id in due):
            return IdempotencyConflict
        for line_id, credits in due.items():
            self.refund(subject, line_id, credits, f"{prefix}:{line_id}")
        return None

    def pay_out(self, wallet: str, credits: int, reference: str) -> Refusal | None:
        if reference in self.payouts:
            return None if self.payouts[reference] == (wallet, credits) else IdempotencyConflict
        if credits > self.wallets[wallet].bought:
            return InsufficientCredits
        self._take(wallet, credits, reference)
        return None

    def withdraw(self, wallet: str, credits_max: int, reference: str) -> tuple[Refusal | None, int]:
        """The refusal, or what is taken."""
        if reference in self.payouts:
            payer, taken = self.payouts[reference]
            same = payer == wallet and taken <= credits_max
            return None if same else IdempotencyConflict, taken
        taken = min(credits_max, self.wallets[wallet].bought)
        if taken:
            self._take(wallet, taken, reference)
        return None, taken

    def return_payout(self, reference: str) -> Refusal | None:
        if reference not in self.payouts:
            return UnknownPayout
        if reference not in self.returns:
            self.returns.add(reference)
            wallet, credits = self.payouts[reference]
            self.wallets[wallet].granted += credits
            self.wallets[wallet].returned += credits
        return None

    def _line(self, subject: str, line_id: str) -> Line | None:
        render = self.renders.get(subject)
        return render.lines.get(line_id) if render else None

    def _take(self, wallet: str, credits: int, reference: str) -> None:
        self.payouts[reference] = (wallet, credits)
        self.wallets[wallet].spent += credits
        self.wallets[wallet].paid_out += credits

    def _use_gifts(self, wallet: str, subject: str, credits: int, now: datetime) -> None:
        for gift in sorted(self.wallets[wallet].gifts, key=lambda gift: gift.turn):
            used = 0 if gift.is_over(now) else min(credits, gift.remaining)
            if used:
                gift.uses[subject] = used
                gift.remaining -= used
                credits -= used

    def _shrink_uses(self, subject: str, now: datetime) -> None:
        render = self.renders.get(subject)
        if render is None:
            return
        gifts = sorted(self.wallets[render.wallet].gifts, key=lambda gift: gift.turn)
        kept = render.summary.open + render.summary.settled
        excess = sum(gift.uses.get(subject, 0) for gift in gifts) - kept
        for gift in reversed(gifts):
            back = min(max(excess, 0), gift.uses.get(subject, 0))
            if back:
                gift.uses[subject] -= back
                gift.remaining += back
                excess -= back
                if gift.is_over(now):
                    self.wallets[render.wallet].end(gift)

    def _charge(self, render: Render, line: Line, amount: int) -> None:
        line.charged = amount
        self.wallets[render.wallet].held -= line.credits
        self.wallets[render.wallet].spent += amount
