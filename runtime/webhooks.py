"""Whose webhooks the gateway believes, from the settings."""

from typing import Final

from gateway.services.payment_setup import MissingSettings
from gateway.services.webhooks import WebhookTrust
from runtime.settings import Settings

_LIVE_KEYS: Final = ("sk_live_", "rk_live_")
"""How Stripe's secret and restricted keys of live mode begin; those of test mode say `test`."""


def webhook_trust(settings: Settings) -> WebhookTrust | MissingSettings:
    """Messages are checked with the webhook secret; which mode is ours is read off the key.

    The names of the variables where one of the two is missing.
    """
    key, secret = settings.stripe_secret_key, settings.stripe_webhook_secret
    if key is None or secret is None:
        needed = {"STRIPE_SECRET_KEY": key, "STRIPE_WEBHOOK_SECRET": secret}
        return MissingSettings(tuple(name for name, value in needed.items() if value is None))
    return WebhookTrust(
        secrets=tuple(settings.stripe_webhook_secrets()),
        livemode=key.get_secret_value().startswith(_LIVE_KEYS),
    )
