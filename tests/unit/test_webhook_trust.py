"""Whose webhooks are believed, by the settings."""

import pytest

from gateway.services.payment_setup import MissingSettings
from gateway.services.webhooks import WebhookTrust
from runtime.settings import load_settings
from runtime.webhooks import webhook_trust


def trust(
    monkeypatch: pytest.MonkeyPatch, *, key: str = "", secret: str = ""
) -> WebhookTrust | MissingSettings:
    monkeypatch.setenv("STRIPE_SECRET_KEY", key)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", secret)
    return webhook_trust(load_settings())


@pytest.mark.parametrize(
    ("key", "livemode"),
    [("sk_test_1", False), ("rk_test_1", False), ("sk_live_1", True), ("rk_live_1", True)],
)
def test_the_mode_is_that_of_the_key(
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    livemode: bool,  # noqa: FBT001 - a test parameter
) -> None:
    found = trust(monkeypatch, key=key, secret="whsec_a, whsec_b,")

    assert found == WebhookTrust(secrets=("whsec_a", "whsec_b"), livemode=livemode)
    assert "whsec" not in repr(found)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trust(monkeypatch) == MissingSettings(("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"))
    assert trust(monkeypatch, secret="whsec_a") == MissingSettings(("STRIPE_SECRET_KEY",))
    assert trust(monkeypatch, key="sk_test_1") == MissingSettings(("STRIPE_WEBHOOK_SECRET",))
