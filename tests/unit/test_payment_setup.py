"""Which settings quotes need, and what they speak for."""

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from gateway.services.payment_setup import MissingSettings, PaymentSetup
from runtime.payments import payment_setup
from runtime.settings import Settings, SettingsError
from studio.payments.challenges import Terms

SECRET = "a secret of sixteen characters or more"
COMPLETE = {
    "stripe_secret_key": SecretStr("sk_test_1"),
    "stripe_webhook_secret": SecretStr("whsec_1"),
    "stripe_network_id": "profile_test_1",
    "mpp_secret": SecretStr(SECRET),
}
VARIABLES = {
    "stripe_secret_key": "STRIPE_SECRET_KEY",
    "stripe_webhook_secret": "STRIPE_WEBHOOK_SECRET",
    "stripe_network_id": "FVS_STRIPE_NETWORK_ID",
    "mpp_secret": "FVS_MPP_SECRET",
}


def setup(**changes: object) -> PaymentSetup | MissingSettings:
    return payment_setup(Settings().model_copy(update={**COMPLETE, **changes}))


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_setting_that_is_missing_is_named(name: str) -> None:
    assert setup(**{name: None}) == MissingSettings((VARIABLES[name],))


def test_all_that_is_missing_is_named() -> None:
    assert setup(**dict.fromkeys(COMPLETE)) == MissingSettings(tuple(VARIABLES.values()))


def test_secrets_of_a_rotation_are_kept_with_the_current_one_first() -> None:
    found = setup(mpp_secret_previous=SecretStr("another secret of sixteen characters"))
    assert isinstance(found, PaymentSetup)
    assert found.secrets == (SECRET, "another secret of sixteen characters")
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("changes", "realm"),
    [
        ({}, "localhost"),
        ({"public_base_url": "https://studio.example:8443"}, "studio.example"),
        (
            {"public_base_url": "https://studio.example", "payment_realm": "app.example"},
            "app.example",
        ),
    ],
)
def test_challenges_speak_for_the_host_that_callers_know(
    changes: dict[str, object], realm: str
) -> None:
    found = setup(**changes)
    assert isinstance(found, PaymentSetup)
    end = datetime(2026, 11, 2, 10, tzinfo=UTC)
    challenge = found.challenger.challenge(Terms("quote_1", 120, "usd", "d", end), nonce="n")
    assert f'realm="{realm}"' in challenge


def test_a_realm_that_is_no_host_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="FVS_PAYMENT_REALM"):
        setup(payment_realm='x", evil="')
