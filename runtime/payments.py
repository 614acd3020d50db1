"""What the gateway offers and takes payments with, as configured."""

from typing import Final
from urllib.parse import urlsplit

from gateway.services.payment_setup import (
    CHECKOUT_VARIABLES,
    PAYMENT_VARIABLES,
    MissingSettings,
    PaymentSetup,
)
from runtime.settings import Settings, SettingsError
from studio.payments.checkout import StripeCheckout
from studio.topups.ports import Checkout

LOCAL_REALM: Final = "localhost"
"""The realm of a gateway that was told neither a realm nor a public address."""

CHECKOUT_SECONDS_MAX: Final = 15.0
"""Somebody sits before the page that waits for Stripe's answer."""


def payment_setup(settings: Settings) -> PaymentSetup | MissingSettings:
    """The setup, or the names of what is missing for it: then all but quotes works.

    Raises SettingsError where a secret is too short or the realm is no host.
    """
    values = (
        settings.stripe_secret_key,
        settings.stripe_webhook_secret,
        settings.stripe_network_id,
        settings.mpp_secret,
    )
    missing = tuple(
        variable for variable, value in zip(PAYMENT_VARIABLES, values, strict=True) if value is None
    )
    network_id = settings.stripe_network_id
    if missing or network_id is None:
        return MissingSettings(missing)
    secrets = settings.mpp_secrets()
    try:
        return PaymentSetup.of(secrets, realm=_realm(settings), network_id=network_id)
    except ValueError as error:
        raise SettingsError(f"FVS_PAYMENT_REALM is wrong: {error}.") from None


def gateway_checkout(settings: Settings) -> Checkout | MissingSettings:
    """Where credits are bought, or the names of what is missing for it.

    Without the webhooks' secret a purchase would be credited late, by the sweep alone.
    """
    values = (settings.stripe_secret_key, settings.stripe_webhook_secret)
    missing = tuple(
        name for name, value in zip(CHECKOUT_VARIABLES, values, strict=True) if value is None
    )
    key = settings.stripe_secret_key
    if missing or key is None:
        return MissingSettings(missing)
    return StripeCheckout.connect(
        key.get_secret_value(),
        base_url=settings.stripe_base_url,
        answer_seconds_max=CHECKOUT_SECONDS_MAX,
    )


def checkout_origins(settings: Settings) -> tuple[str, ...]:
    """Where credits are paid, beside Stripe's own pages: at a stand-in of Stripe."""
    base_url = settings.stripe_base_url
    if base_url is None:
        return ()
    parts = urlsplit(base_url)
    return (f"{parts.scheme}://{parts.netloc}",)


def _realm(settings: Settings) -> str:
    if settings.payment_realm is not None:
        return settings.payment_realm
    return urlsplit(settings.public_base_url or "").hostname or LOCAL_REALM
