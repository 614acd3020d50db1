"""The ledger under random operations, compared with a model and re-checked after each one.

Amounts are drawn at the boundaries (nothing, half, all, one more than all) and wallets start
funded: with random amounts in random wallets almost every step is a refusal, and faults survive.
"""

import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy.orm import Session

from studio.db.engine import open_database
from studio.ledger import service as ledger
from studio.ledger.errors import LedgerError
from tests.ledger_scenes import EXPIRY, NOW
from tests.property.ledger_invariants import check_books, read_books
from tests.property.ledger_model import Line, Model, Refusal, Render, Wallet
from tests.property.ledger_operations import Operations

OWNERS = ("a", "b")
WALLETS = tuple(ledger.wallet_id(owner) for owner in OWNERS)
SUBJECTS = ("proj_1", "proj_2", "proj_3")
LINE_IDS = ("planning", "project", "video")
FUNDS = 60

Share = Literal["nothing", "half", "all", "more"]
SHARES: tuple[Share, ...] = ("nothing", "half", "all", "more")

wallets = st.sampled_from(WALLETS)
subjects = st.sampled_from(SUBJECTS)
line_ids = st.sampled_from(LINE_IDS)
shares = st.sampled_from(SHARES)


def share_of(total: int, share: Share) -> int:
    return {"nothing": 0, "half": total // 2, "all": total, "more": total + 1}[share]


class LedgerMachine(RuleBasedStateMachine):
    """Subclasses say which operations are driven and which migrated SQLite file is copied."""

    operations: ClassVar[Operations] = Operations()
    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ledger-", dir=self.template.parent))
        shutil.copyfile(self.template, self.folder / "fvs.db")
        self.database = open_database(f"sqlite:///{self.folder / 'fvs.db'}")
        self.model = Model(wallets={wallet: Wallet() for wallet in WALLETS})
        self.references = 0
        with self.database.transaction() as session:
            for owner in OWNERS:
                ledger.open_wallet(session, owner=owner, now=NOW)
        self.books = read_books(self.database)

    def teardown(self) -> None:
        try:
            with self.database.reading() as session:
                assert ledger.audit(session) == []
        finally:
            self.database.dispose()
            shutil.rmtree(self.folder)

    @initialize()
    def start_with_credits_and_a_render_under_way(self) -> None:
        for wallet in WALLETS:
            self._top_up(wallet, FUNDS, f"first-{wallet}")
        self._reserve(WALLETS[0], SUBJECTS[0], dict.fromkeys(LINE_IDS, 10))
        self._settle(SUBJECTS[0], LINE_IDS[0], None)  # so that there is a charge from the start

    @rule(
        wallet=wallets,
        credits=st.sampled_from([1, 25]),
        number=st.integers(1, 3),
        times=st.integers(1, 2),
    )
    def top_up(self, wallet: str, credits: int, number: int, times: int) -> None:
        for _ in range(times):
            self._top_up(wallet, credits, f"payment-{number}")

    @rule(wallet=wallets, subject=subjects, share=shares)
    def reserve(self, wallet: str, subject: str, share: Share) -> None:
        total = share_of(self.model.wallets[wallet].balance.available, share)
        third = total // 3
        lines = {"planning": third, "project": third, "video": total - 2 * third, "free": 0}
        self._reserve(wallet, subject, lines)

    @rule(subject=subjects, changed=st.booleans())
    def reserve_again(self, subject: str, *, changed: bool) -> None:
        render = self._render(subject)
        if render is not None:
            line_id, credits = next(iter(render.asked.items()))
            self._reserve(render.wallet, subject, {**render.asked, line_id: credits + changed})

    @rule(subject=subjects, line_id=line_ids, share=shares)
    def settle_part(self, subject: str, line_id: str, share: Share) -> None:
        line = self._line(subject, line_id)
        self._settle(subject, line_id, share_of(line.credits if line else 1, share))

    @rule(subject=subjects, line_id=line_ids)
    def settle_whole(self, subject: str, line_id: str) -> None:
        self._settle(subject, line_id, None)

    @rule(subject=subjects, chosen=st.lists(line_ids, max_size=4))
    def settle_lines(self, subject: str, chosen: list[str]) -> None:
        refusal = self.model.settle_lines(subject, chosen)
        render = self._render(subject)
        due = render.summary.settled if render else 0
        asked = [*chosen, "free"]
        self._do(
            refusal,
            lambda session: self._is(due, self.operations.settle_lines(session, subject, asked)),
        )

    @rule(subject=subjects)
    def release(self, subject: str) -> None:
        due = self.model.give_back(subject, expired=False)
        self._do(None, lambda session: self._is(due, self.operations.release(session, subject)))

    @rule(subject=subjects, is_due=st.booleans())
    def expire(self, subject: str, *, is_due: bool) -> None:
        due = self.model.give_back(subject, expired=True) if is_due else 0
        moment = EXPIRY if is_due else EXPIRY - timedelta(seconds=1)
        self._do(
            None, lambda session: self._is(due, self.operations.expire(session, subject, moment))
        )

    @rule(subject=subjects, line_id=line_ids, share=shares, number=st.integers(1, 3))
    def refund(self, subject: str, line_id: str, share: Share, number: int) -> None:
        line = self._line(subject, line_id)
        charged = (line.charged or 0) if line else 0
        self._refund(subject, line_id, max(1, share_of(charged, share)), f"refund-{number}")

    @rule(number=st.integers(0, 8))
    def refund_to_dry(self, number: int) -> None:
        """Give a charged line back in two parts, then ask for one credit more than there is."""
        subject, line_id, line = self.model.charged_lines[number % len(self.model.charged_lines)]
        left = (line.charged or 0) - line.refunded
        for part in (left // 2, left - left // 2, 1):
            if part:
                self.references += 1
                self._refund(subject, line_id, part, f"dry-{self.references}")

    @rule(subject=subjects, number=st.integers(1, 2), share=shares)
    def refund_settled(self, subject: str, number: int, share: Share) -> None:
        """Give back a share of a line, then all that is left of the render, then once more.

        Two prefixes for three renders: some are another render's already.
        """
        for line_id, left in list(self.model.refundable(subject).items())[:1]:
            self.references += 1
            part = max(1, share_of(left, share))
            self._refund(subject, line_id, part, f"part-{self.references}")
        for _ in range(2):
            self._refund_settled(subject, f"no-film-{number}")

    @rule(wallet=wallets, share=shares, number=st.integers(1, 3), times=st.integers(1, 2))
    def pay_out(self, wallet: str, share: Share, number: int, times: int) -> None:
        available = self.model.wallets[wallet].balance.available
        for _ in range(times):
            self._pay_out(wallet, max(1, share_of(available, share)), f"payout-{number}")

    @rule(number=st.integers(1, 3))
    def return_payout(self, number: int) -> None:
        self._return_payout(f"payout-{number}")

    @rule(wallet=wallets)
    def pay_out_to_dry(self, wallet: str) -> None:
        """Empty a wallet in two payouts, ask for one credit more; the first comes back, twice."""
        available = self.model.wallets[wallet].balance.available
        parts = [part for part in (available // 2, available - available // 2) if part]
        made: list[str] = []
        for part in (*parts, 1):
            self.references += 1
            made.append(f"dry-payout-{self.references}")
            self._pay_out(wallet, part, made[-1])
        for reference in (made[0], made[0], made[-1]):
            self._return_payout(reference)

    @invariant()
    def the_model_agrees(self) -> None:
        with self.database.reading() as session:
            for wallet, expected in self.model.wallets.items():
                assert ledger.balance(session, wallet=wallet) == expected.balance
                assert ledger.cash(session, wallet=wallet) == expected.cash
            for subject, render in self.model.renders.items():
                assert ledger.summary(session, subject=subject) == render.summary
            still_open = {s for s, render in self.model.renders.items() if render.summary.open}
            assert set(ledger.open_subjects(session, limit=9)) == still_open

    def _top_up(self, wallet: str, credits: int, reference: str) -> None:
        self._do(
            self.model.top_up(wallet, credits, reference),
            lambda session: self.operations.top_up(session, wallet, credits, reference),
        )

    def _reserve(self, wallet: str, subject: str, lines: dict[str, int]) -> None:
        self._do(
            self.model.reserve(wallet, subject, lines),
            lambda session: self.operations.reserve(session, wallet, subject, lines),
        )

    def _settle(self, subject: str, line_id: str, credits: int | None) -> None:
        self._do(
            self.model.settle(subject, line_id, credits),
            lambda session: self.operations.settle(session, subject, line_id, credits),
        )

    def _refund(self, subject: str, line_id: str, credits: int, reference: str) -> None:
        self._do(
            self.model.refund(subject, line_id, credits, reference),
            lambda session: self.operations.refund(session, subject, line_id, credits, reference),
        )

    def _refund_settled(self, subject: str, prefix: str) -> None:
        due = sum(self.model.refundable(subject).values())
        self._do(
            self.model.refund_settled(subject, prefix),
            lambda session: self._is(due, self.operations.refund_settled(session, subject, prefix)),
        )

    def _pay_out(self, wallet: str, credits: int, reference: str) -> None:
        self._do(
            self.model.pay_out(wallet, credits, reference),
            lambda session: self.operations.pay_out(session, wallet, credits, reference),
        )

    def _return_payout(self, reference: str) -> None:
        self._do(
            self.model.return_payout(reference),
            lambda session: self.operations.return_payout(session, reference),
        )

    def _do(self, refusal: Refusal | None, operation: Callable[[Session], None]) -> None:
        """Run it: it must be refused as the model says, and then leave every row as it was."""
        raised: Refusal | None = None
        try:
            with self.database.transaction() as session:
                operation(session)
        except LedgerError as error:
            raised = type(error)
        assert raised == refusal
        now = read_books(self.database)
        if refusal is not None:
            assert now == self.books
        check_books(self.books, now)
        self.books = now

    def _is(self, due: int, answer: int) -> None:
        assert answer == due

    def _render(self, subject: str) -> Render | None:
        return self.model.renders.get(subject)

    def _line(self, subject: str, line_id: str) -> Line | None:
        render = self._render(subject)
        return render.lines.get(line_id) if render else None
