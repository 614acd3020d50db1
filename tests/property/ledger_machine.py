"""The ledger under random operations, compared with a model and re-checked after each one.

Amounts are drawn at the boundaries (nothing, half, all, one more than all) and wallets start
funded: with random amounts in random wallets almost every step is a refusal, and faults survive.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.orm import Session

from studio.db.engine import open_database
from studio.ledger import service as ledger
from studio.ledger.errors import LedgerError
from tests.ledger_scenes import EXPIRY, NOW
from tests.property.ledger_invariants import check_books, read_books
from tests.property.ledger_model import Line, Model, Refusal, Render, Wallet
from tests.property.ledger_operations import Operations

OWNERS = ("a", "b", "a~test")
WALLETS = tuple(ledger.wallet_id(owner) for owner in OWNERS)
SUBJECTS = ("proj_1", "proj_2", "proj_3")
LINE_IDS = ("planning", "project", "video")
FUNDS = 60
HOUR = timedelta(hours=1)
LATEST = NOW + 3 * HOUR
PAGE_LENGTH = 7

Share = Literal["nothing", "half", "all", "more"]
SHARES: tuple[Share, ...] = ("nothing", "half", "all", "more")

wallets = st.sampled_from(WALLETS)
live_wallets = st.sampled_from(WALLETS[:2])
subjects = st.sampled_from(SUBJECTS)
line_ids = st.sampled_from(LINE_IDS)
shares = st.sampled_from(SHARES)


def share_of(total: int, share: Share) -> int:
    return {"nothing": 0, "half": total // 2, "all": total, "more": total + 1}[share]


class LedgerMachine(RuleBasedStateMachine):
    """Subclasses say which operations are driven, and on which migrated database."""

    driven: ClassVar[type[Operations]] = Operations

    def fresh_database(self) -> AbstractContextManager[str]:
        """The URL of a database of this example's own."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.operations = self.driven()
        self.place = self.fresh_database()
        self.database = open_database(self.place.__enter__())
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
                for wallet in WALLETS:
                    self._read_statement(session, wallet)
        finally:
            self.database.dispose()
            self.place.__exit__(None, None, None)

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
        self._release(subject)

    def _release(self, subject: str) -> None:
        due = self.model.give_back(subject, self.operations.now, expired=False)
        self._do(None, lambda session: self._is(due, self.operations.release(session, subject)))

    @rule(subject=subjects, is_due=st.booleans())
    def expire(self, subject: str, *, is_due: bool) -> None:
        moment = EXPIRY if is_due else EXPIRY - timedelta(seconds=1)
        due = self.model.give_back(subject, moment, expired=True) if is_due else 0
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

    @rule(chosen=st.integers(0, 8), number=st.integers(1, 2), share=shares)
    def refund_settled(self, chosen: int, number: int, share: Share) -> None:
        """Give back a share of a line, then all that is left of the render, then once more.

        Two prefixes for all renders: some are another render's already.
        """
        subject = self.model.charged_lines[chosen % len(self.model.charged_lines)][0]
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
        """Empty a wallet in two payouts, ask for one credit more, each twice, which is once; the
        first comes back, twice.
        """
        available = self.model.wallets[wallet].bought
        parts = [part for part in (available // 2, available - available // 2) if part]
        made: list[str] = []
        for part in (*parts, 1):
            self.references += 1
            made.append(f"dry-payout-{self.references}")
            for _ in range(2):
                self._pay_out(wallet, part, made[-1])
        for reference in (made[0], made[0], made[-1]):
            self._return_payout(reference)

    @precondition(lambda self: self.operations.now < LATEST)
    @rule()
    def time_passes(self) -> None:
        self.operations.now += HOUR

    @rule(
        wallet=wallets,
        credits=st.sampled_from([1, 20]),
        number=st.integers(1, 4),
        hours=st.sampled_from([None, 0, 1, 2]),
        times=st.integers(1, 2),
    )
    def grant(self, wallet: str, credits: int, number: int, hours: int | None, times: int) -> None:
        for _ in range(times):
            self._grant(wallet, credits, f"gift-{number}", hours)

    @rule()
    def end_gifts(self) -> None:
        due = self.model.end_gifts(self.operations.now)

        def end(session: Session) -> None:
            assert self.operations.end_gifts(session) == due

        self._do(None, end)

    @rule(wallet=wallets, share=shares, number=st.integers(1, 3), times=st.integers(1, 2))
    def withdraw(self, wallet: str, share: Share, number: int, times: int) -> None:
        """Under references that payouts have, too."""
        available = self.model.wallets[wallet].balance.available
        for _ in range(times):
            self._withdraw(wallet, max(1, share_of(available, share)), f"payout-{number}")

    @rule(wallet=live_wallets, share=shares)
    def withdraw_beside_gifts(self, wallet: str, share: Share) -> None:
        """Ask for everything where a share of it is a gift."""
        available = self.model.wallets[wallet].balance.available
        self._give(wallet, max(1, share_of(available, share)), 1)
        self.references += 1
        everything = self.model.wallets[wallet].balance.available
        self._withdraw(wallet, max(1, everything), f"withdrawal-{self.references}")

    @rule(wallet=live_wallets, spent=shares, part=shares, late=st.booleans())
    def spend_gifts(self, wallet: str, spent: Share, part: Share, *, late: bool) -> None:
        """Hold a share of two gifts, charge a share of that, and give the rest back, or late."""
        self._give(wallet, 6, 1)
        self._give(wallet, 9, None)
        total = max(2, share_of(self.model.wallets[wallet].balance.promotional, spent))
        self.references += 1
        subject = f"proj-gifts-{self.references}"
        self._reserve(wallet, subject, {"project": total // 2, "video": total - total // 2})
        if late and self.operations.now < LATEST:
            self.time_passes()
        self._settle(subject, "project", share_of(total // 2, part))
        self.end_gifts()
        self._release(subject)

    @precondition(lambda self: self.operations.now < LATEST)
    @rule(wallet=live_wallets)
    def hold_what_has_ended(self, wallet: str) -> None:
        """Ask for every credit that is there, of which some have ended; then for what has not."""
        self._give(wallet, 7, 1)
        self.time_passes()
        for total in (
            self.model.wallets[wallet].balance.available,
            self.model.spendable(wallet, self.operations.now),
        ):
            self.references += 1
            self._reserve(wallet, f"proj-late-{self.references}", {"video": total})
            self._release(f"proj-late-{self.references}")

    @invariant()
    def the_model_agrees(self) -> None:
        with self.database.reading() as session:
            for wallet, expected in self.model.wallets.items():
                assert ledger.balance(session, wallet=wallet) == expected.balance
                assert ledger.cash(session, wallet=wallet) == expected.cash
            for subject, render in self.model.renders.items():
                assert ledger.summary(session, subject=subject) == render.summary
            gifts = self.model.gifts.values()
            uses = {(s, g.grant_id): used for g in gifts for s, used in g.uses.items()}
            assert self.books.uses == uses
            for wallet in WALLETS:
                self._compare_lists(session, wallet)
            still_open = {s for s, render in self.model.renders.items() if render.summary.open}
            assert set(ledger.open_subjects(session, limit=999)) == still_open

    def _compare_lists(self, session: Session, wallet: str) -> None:
        """The gifts in the order of their spending, and what each render cost."""
        gifts = sorted(self.model.wallets[wallet].gifts, key=lambda gift: gift.turn)
        left = [(gift.grant_id, gift.remaining) for gift in gifts if gift.remaining]
        found = ledger.open_grants(session, wallet=wallet)
        assert [(gift.grant_id, gift.remaining) for gift in found] == left
        page = ledger.spending(session, wallet=wallet, limit=999)
        spent = {r.render_id: (r.reserved, r.open, r.settled, r.refunded) for r in page.renders}
        assert spent == {
            subject: (
                render.summary.reserved,
                render.summary.open,
                render.summary.settled,
                render.refunded,
            )
            for subject, render in self.model.renders.items()
            if render.wallet == wallet
        }

    def _read_statement(self, session: Session, wallet: str) -> None:
        """Page by page it has every transfer once, and they add up to what is available."""
        lines: list[ledger.StatementLine] = []
        cursor: str | None = None
        while not lines or cursor:
            page = ledger.statement(session, wallet=wallet, limit=PAGE_LENGTH, cursor=cursor)
            lines += page.lines
            cursor = page.next_cursor
        of_wallet = [
            str(transfer.id)
            for transfer in self.books.transfers.values()
            if wallet in (transfer.debit, transfer.credit)
        ]
        assert sorted(line.transfer_id for line in lines) == sorted(of_wallet)
        available = ledger.balance(session, wallet=wallet).available
        assert sum(line.change_available for line in lines) == available

    def _top_up(self, wallet: str, credits: int, reference: str) -> None:
        self._do(
            self.model.top_up(wallet, credits, reference),
            lambda session: self.operations.top_up(session, wallet, credits, reference),
        )

    def _reserve(self, wallet: str, subject: str, lines: dict[str, int]) -> None:
        self._do(
            self.model.reserve(wallet, subject, lines, self.operations.now),
            lambda session: self.operations.reserve(session, wallet, subject, lines),
        )

    def _settle(self, subject: str, line_id: str, credits: int | None) -> None:
        self._do(
            self.model.settle(subject, line_id, credits, self.operations.now),
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

    def _give(self, wallet: str, credits: int, hours: int | None) -> None:
        """Twice, which is once."""
        self.references += 1
        for _ in range(2):
            self._grant(wallet, credits, f"present-{self.references}", hours)

    def _grant(self, wallet: str, credits: int, grant_id: str, hours: int | None) -> None:
        now = self.operations.now
        expires_at: datetime | None = None if hours is None else now + hours * HOUR
        self._do(
            self.model.grant(wallet, credits, grant_id, expires_at, now),
            lambda session: self.operations.grant(session, wallet, credits, grant_id, expires_at),
        )

    def _withdraw(self, wallet: str, credits_max: int, reference: str) -> None:
        refusal, due = self.model.withdraw(wallet, credits_max, reference)

        def take(session: Session) -> None:
            self._is(due, self.operations.withdraw(session, wallet, credits_max, reference))

        self._do(refusal, take)

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
