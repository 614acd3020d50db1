"""What the gateway offers and takes payments with, as configured."""

from typing import Final
from urllib.parse import urlsplit

from gateway.services.payment_setup import PAYMENT_VARIABLES, MissingSettings, PaymentSetup
from runtime.settings import Settings, SettingsError

LOCAL_REALM: Final = "localhost"
"""The realm of a gateway that was told neither a realm nor a public address."""


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


def _realm(settings: Settings) -> str:
    if settings.payment_realm is not None:
        return settings.payment_realm
    return urlsplit(settings.public_base_url or "").hostname or LOCAL_REALM
