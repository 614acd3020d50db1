"""What the ledger should do, as plain dictionaries: the model that the state machine compares."""

from dataclasses import dataclass, field

from studio.ledger import service as ledger
from studio.ledger.errors import (
    ExceedsHold,
    ExceedsSettlement,
    HoldAlreadyResolved,
    HoldExpired,
    IdempotencyConflict,
    InsufficientCredits,
    NotSettled,
    UnknownHold,
    UnknownPayout,
)

Refusal = type[Exception]


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
class Wallet:
    granted: int = 0
    spent: int = 0
    held: int = 0
    topped_up: int = 0
    paid_out: int = 0
    returned: int = 0

    @property
    def balance(self) -> ledger.Balance:
        available = self.granted - self.spent - self.held
        return ledger.Balance(available, self.held, self.spent, self.granted)

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


@dataclass
class Model:
    """Each method says which refusal is due, or does it and says None."""

    wallets: dict[str, Wallet] = field(default_factory=dict)
    renders: dict[str, Render] = field(default_factory=dict)
    payments: dict[str, tuple[str, int]] = field(default_factory=dict)
    refunds: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    payouts: dict[str, tuple[str, int]] = field(default_factory=dict)
    returns: set[str] = field(default_factory=set)

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

    def reserve(self, wallet: str, subject: str, lines: dict[str, int]) -> Refusal | None:
        priced = {line_id: credits for line_id, credits in lines.items() if credits}
        if subject in self.renders:
            render = self.renders[subject]
            same = render.wallet == wallet and render.asked == priced
            return None if same else IdempotencyConflict
        if sum(priced.values()) > self.wallets[wallet].balance.available:
            return InsufficientCredits
        if priced:
            held = {line_id: Line(credits) for line_id, credits in priced.items()}
            self.renders[subject] = Render(wallet, held)
            self.wallets[wallet].held += sum(priced.values())
        return None

    def settle(self, subject: str, line_id: str, credits: int | None) -> Refusal | None:
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

    def give_back(self, subject: str, *, expired: bool) -> int:
        """Void or expire whatever is open; returns the credits."""
        released = 0
        render = self.renders.get(subject)
        for line in render.lines.values() if render else ():
            if render and line.is_open:
                line.given_back = HoldExpired if expired else HoldAlreadyResolved
                self.wallets[render.wallet].held -= line.credits
                released += line.credits
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
        if credits > self.wallets[wallet].balance.available:
            return InsufficientCredits
        self.payouts[reference] = (wallet, credits)
        self.wallets[wallet].spent += credits
        self.wallets[wallet].paid_out += credits
        return None

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

    def _charge(self, render: Render, line: Line, amount: int) -> None:
        line.charged = amount
        self.wallets[render.wallet].held -= line.credits
        self.wallets[render.wallet].spent += amount
