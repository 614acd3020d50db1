"""What an operator reads of a quote's money in the Temporal UI."""

from datetime import UTC, datetime

from studio.contracts.payment import PaymentState, RefundState
from workflows.payment_view import PaymentStanding, payment_details

STANDING = PaymentStanding(quote_id="quote_1", project_id="proj_api_1", amount_cents=1234)


def test_every_state_is_said_in_words() -> None:
    for state in PaymentState:
        details = payment_details(STANDING.model_copy(update={"state": state}))
        assert details.startswith(f"**{state.value}: ")
        assert "- price: $12.34" in details


def test_a_run_that_has_seen_nothing_yet_says_so() -> None:
    assert payment_details(STANDING).startswith("**looks at the quote**")


def test_a_refund_a_stray_payment_a_wait_and_an_error_are_shown() -> None:
    details = payment_details(
        STANDING.model_copy(
            update={
                "state": PaymentState.REFUNDING,
                "canceled": True,
                "refund_cents": 45,
                "refund_state": RefundState.FAILED,
                "strays": ("pi_2",),
                "last_error": "It will not.",
                "waits_until": datetime(2026, 11, 27, 12, 0, tzinfo=UTC),
            }
        )
    )
    for sentence in (
        "the customer does not want the render any more",
        "back to the card: $0.45 (failed)",
        "second payment, goes back whole: pi_2",
        "looks again at 2026-11-27 12:00:00 UTC or when told",
        "`fvs quotes show quote_1`",
        "**Last error:** It will not.",
    ):
        assert sentence in details
