"""Which Stripe a development stack uses, and how it says so."""

import pytest

from runtime.dev_stripe import is_real_stripe, real_stripe


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"STRIPE_SECRET_KEY": "sk_test_1"},
            "go to Stripe itself, with STRIPE_SECRET_KEY; in its test mode",
        ),
        (
            {"STRIPE_SECRET_KEY": "sk_live_1"},
            "go to Stripe itself, with STRIPE_SECRET_KEY; REAL MONEY MOVES",
        ),
        (
            {"STRIPE_SECRET_KEY": "sk_test_1", "FVS_STRIPE_SECRET_KEY": "rk_live_1"},
            "go to Stripe itself, with FVS_STRIPE_SECRET_KEY; REAL MONEY MOVES",
        ),
    ],
)
def test_with_a_key_it_is_stripe_itself_and_says_whether_money_moves(
    environment: dict[str, str], sentence: str
) -> None:
    assert is_real_stripe(environment)
    stripe = real_stripe(environment)
    assert stripe.sentence == sentence
    assert not any(key in repr(stripe) for key in environment.values())


@pytest.mark.parametrize("environment", [{}, {"STRIPE_SECRET_KEY": ""}, {"STRIPE_WEBHOOK": "w"}])
def test_without_a_key_it_is_the_stand_in(environment: dict[str, str]) -> None:
    assert not is_real_stripe(environment)
