from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from studio.db.engine import Database, open_database
from studio.ledger import service as ledger
from studio.ledger.errors import (
    ExceedsSettlement,
    HoldAlreadyResolved,
    IdempotencyConflict,
    InsufficientCredits,
)
from tests.ledger_scenes import (
    LINES,
    NOW,
    RENDER,
    TOTAL,
    WALLET,
    fund,
    give,
    hold,
    pay_out,
    return_payout,
)

THREADS = 8
LOCK_TIMEOUT_SECONDS = 60
"""SQLite's waiting writers are not served in turn, and the machine may be busy."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url, lock_timeout_seconds=LOCK_TIMEOUT_SECONDS)
    yield database
    with database.reading() as session:
        assert ledger.audit(session) == []
    database.dispose()


def race(*tasks: Callable[[], str]) -> list[str]:
    """Run the tasks at once, each in a thread of its own; returns what each said."""
    start = Barrier(len(tasks))

    def run(task: Callable[[], str]) -> str:
        start.wait(timeout=LOCK_TIMEOUT_SECONDS)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def test_one_wallet_is_never_overdrawn_by_many_renders_at_once(database: Database) -> None:
    fund(database, 200)

    def reserve_several(worker: int) -> Callable[[], str]:
        def run() -> str:
            held = 0
            for number in range(5):
                try:
                    with database.transaction() as session:
                        hold(session, {"project": 7}, subject=f"proj_{worker}_{number}")
                except InsufficientCredits:
                    continue
                held += 1
            return str(held)

        return run

    held = race(*(reserve_several(worker) for worker in range(THREADS)))
    assert sum(map(int, held)) == 200 // 7
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET) == ledger.Balance(4, 196, 0, 200)


def test_the_same_reservation_made_at_once_is_made_once(database: Database) -> None:
    fund(database, TOTAL)

    def reserve() -> str:
        with database.transaction() as session:
            hold(session, LINES)
        return "held"

    assert race(*[reserve] * THREADS) == ["held"] * THREADS
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET).held == TOTAL


def test_a_render_that_settles_while_it_is_released_ends_one_way(database: Database) -> None:
    renders = [f"proj_{number}" for number in range(6)]
    fund(database, TOTAL * len(renders))
    for render in renders:
        with database.transaction() as session:
            hold(session, LINES, subject=render)

    def settle(render: str) -> str:
        try:
            with database.transaction() as session:
                ledger.settle_lines(session, subject=render, line_ids=list(LINES), now=NOW)
        except HoldAlreadyResolved:
            return "lost"
        return "settled"

    def release(render: str) -> str:
        with database.transaction() as session:
            return "released" if ledger.release_open(session, subject=render, now=NOW) else "lost"

    for render in renders:
        said = race(lambda r=render: settle(r), lambda r=render: release(r))  # type: ignore[misc]
        assert sorted(said) in (["lost", "released"], ["lost", "settled"])
        with database.reading() as session:
            summary = ledger.summary(session, subject=render)
        expected = TOTAL if "settled" in said else 0
        assert summary == ledger.SubjectSummary(TOTAL, expected, 0, TOTAL - expected)


def test_lines_of_one_render_settle_side_by_side(database: Database) -> None:
    lines = {f"shot-{index:03}/video": 10 for index in range(1, 9)}
    fund(database, 80)
    with database.transaction() as session:
        hold(session, lines)

    def settle(line_ids: list[str]) -> Callable[[], str]:
        def run() -> str:
            with database.transaction() as session:
                ledger.settle_lines(session, subject=RENDER, line_ids=line_ids, now=NOW)
            return "settled"

        return run

    names = list(lines)
    backwards = names[::-1]
    race(settle(names), settle(backwards), *(settle([name]) for name in names[:4]))
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET) == ledger.Balance(0, 0, 80, 80)


def test_a_payment_reported_many_times_at_once_counts_once(database: Database) -> None:
    fund(database, 0)

    def top_up() -> str:
        with database.transaction() as session:
            ledger.top_up(session, wallet=WALLET, credits=500, reference="pi_1", now=NOW)
        return "done"

    assert race(*[top_up] * THREADS) == ["done"] * THREADS
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET).granted == 500


def test_refunds_at_once_never_exceed_the_charge(database: Database) -> None:
    fund(database, TOTAL)
    with database.transaction() as session:
        hold(session, LINES)
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)

    def refund(number: int) -> Callable[[], str]:
        def run() -> str:
            try:
                with database.transaction() as session:
                    ledger.refund(
                        session,
                        subject=RENDER,
                        line_id="project",
                        credits=5,
                        reason="late",
                        reference=f"r{number}",
                        now=NOW,
                    )
            except ExceedsSettlement:
                return "refused"
            return "refunded"

        return run

    said = Counter(race(*(refund(number) for number in range(THREADS))))
    assert said == {"refunded": 2, "refused": THREADS - 2}


def test_payouts_and_reservations_at_once_never_overdraw_a_wallet(database: Database) -> None:
    fund(database, 200)

    def reserve(number: int) -> Callable[[], str]:
        def run() -> str:
            try:
                with database.transaction() as session:
                    hold(session, {"project": 30}, subject=f"proj_{number}")
            except InsufficientCredits:
                return "refused"
            return "held"

        return run

    def leave(number: int) -> Callable[[], str]:
        def run() -> str:
            try:
                pay_out(database, 30, reference=f"refund_{number}")
            except InsufficientCredits:
                return "refused"
            return "paid out"

        return run

    tasks = [kind(number) for number in range(THREADS // 2) for kind in (reserve, leave)]
    said = Counter(race(*tasks))
    assert said["refused"] == THREADS - 200 // 30
    held, paid_out = 30 * said["held"], 30 * said["paid out"]
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET) == ledger.Balance(20, held, paid_out, 200)


def test_the_same_payout_made_at_once_is_made_once(database: Database) -> None:
    fund(database, 500)

    def leave() -> str:
        pay_out(database, 100)
        return "done"

    assert race(*[leave] * THREADS) == ["done"] * THREADS
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET).available == 400


def test_one_reference_pays_out_one_of_two_wallets(database: Database) -> None:
    wallets = [fund(database, 100, owner=owner) for owner in ("acct_1", "acct_2")]

    def leave(wallet: str) -> Callable[[], str]:
        def run() -> str:
            try:
                pay_out(database, 100, wallet=wallet)
            except IdempotencyConflict:
                return "refused"
            return "paid out"

        return run

    assert sorted(race(*map(leave, wallets))) == ["paid out", "refused"]
    with database.reading() as session:
        left = [ledger.balance(session, wallet=wallet).available for wallet in wallets]
    assert sorted(left) == [0, 100]


def test_a_payout_that_comes_back_many_times_at_once_comes_back_once(database: Database) -> None:
    fund(database, 100)
    pay_out(database, 60)

    def come_back() -> str:
        return_payout(database)
        return "done"

    assert race(*[come_back] * THREADS) == ["done"] * THREADS
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET).available == 100


def test_a_render_without_a_film_is_refunded_once_whoever_says_so(database: Database) -> None:
    fund(database, TOTAL)
    with database.transaction() as session:
        hold(session, LINES)
        ledger.settle_lines(session, subject=RENDER, line_ids=["project", "planning"], now=NOW)

    def give_back(number: int) -> Callable[[], str]:
        def run() -> str:
            with database.transaction() as session:
                credits = ledger.refund_settled(
                    session,
                    subject=RENDER,
                    reason="no film",
                    reference_prefix=f"no-film-{number}",
                    now=NOW,
                )
            return str(credits)

        return run

    said = race(*(give_back(number) for number in range(THREADS)))
    assert sorted(said) == ["0"] * (THREADS - 1) + ["22"]


def test_a_wallet_opened_many_times_at_once_is_one_wallet(database: Database) -> None:
    def open_it() -> str:
        with database.transaction() as session:
            return ledger.open_wallet(session, owner="acct_1", now=NOW)

    assert race(*[open_it] * THREADS) == [WALLET] * THREADS


def test_a_gift_given_many_times_at_once_is_given_once(database: Database) -> None:
    fund(database, 0)

    def present() -> str:
        give(database, 50)
        return "given"

    assert race(*[present] * THREADS) == ["given"] * THREADS
    with database.reading() as session:
        assert ledger.balance(session, wallet=WALLET) == ledger.Balance(50, 0, 0, 50, 50)


def test_gifts_are_held_given_back_and_end_at_once_without_a_credit_lost(
    database: Database,
) -> None:
    fund(database, 100)
    for number in range(4):
        give(database, 20, grant_id=f"gift_{number}", lasts=timedelta(hours=1 + number))
    later = NOW + timedelta(hours=2)

    def render(number: int) -> Callable[[], str]:
        def run() -> str:
            with database.transaction() as session:
                hold(session, {"project": 10, "planning": 8}, subject=f"proj_{number}")
            with database.transaction() as session:
                ledger.settle(
                    session, subject=f"proj_{number}", line_id="project", credits=3, now=NOW
                )
            with database.transaction() as session:
                ledger.release_open(session, subject=f"proj_{number}", now=later)
            return "made"

        return run

    def sweep() -> str:
        with database.transaction() as session:
            ledger.expire_grants(session, now=later, limit=1)
        return "swept"

    def take_back() -> str:
        with database.transaction() as session:
            ledger.withdraw(
                session,
                wallet=WALLET,
                credits_max=40,
                reference="re_1",
                reason="disputed",
                now=NOW,
            )
        return "taken"

    race(*(render(number) for number in range(THREADS - 3)), sweep, sweep, take_back)
    sweep()
    with database.reading() as session:
        gifts = ledger.open_grants(session, wallet=WALLET)
        balance = ledger.balance(session, wallet=WALLET)
    assert {gift.grant_id for gift in gifts} <= {"gift_2", "gift_3"}
    assert (balance.held, balance.granted) == (0, 180)


def test_a_test_wallet_filled_many_times_at_once_is_filled_once(database: Database) -> None:
    def fill() -> str:
        with database.transaction() as session:
            wallet = ledger.ensure_test_credits(session, account_id="acct_1", now=NOW)
            return str(ledger.balance(session, wallet=wallet).granted)

    assert race(*[fill] * THREADS) == ["100000"] * THREADS
