"""Stripe of a development stack: a stand-in on this machine, unless the developer has a key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runtime.dev_files import StackFolder, StackSecrets
from runtime.processes import ProcessSpec

SECRET_KEY_VARIABLES: Final = ("FVS_STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY")
"""As `runtime.settings` reads them; one of them makes the stack use Stripe itself."""

STANDIN_HOST: Final = "127.0.0.1"
"""Nobody else's machine has business with it."""

WEBHOOK_PATH: Final = "/api/stripe/webhooks"
SPT_PATH: Final = "/v1/test_helpers/shared_payment/granted_tokens"
"""Where a client of the stand-in gets a payment token, as in Stripe's own test mode."""

LIVE_MARK: Final = "_live_"

_OF_STRIPE: Final = ("STRIPE_", "FVS_STRIPE_")
_OF_OTHERS: Final = ("FVS_", "TEMPORAL_", *_OF_STRIPE)


@dataclass(frozen=True)
class StripeInUse:
    """Where payments go. `sentence` says so to the developer.

    `variables` are what gateway and worker are told of Stripe, in place of all that the caller's
    environment has of it; None leaves that as it is. The rest is the stand-in's.
    """

    sentence: str
    variables: Mapping[str, str] | None = field(default=None, repr=False)
    url: str | None = None
    spt_url: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    spec: ProcessSpec | None = field(default=None, repr=False)


@dataclass(frozen=True)
class StandinPlace:
    """What the stand-in is started with, and where it listens; `webhook_url` is the gateway's."""

    command: tuple[str, ...]
    port: int
    webhook_url: str

    @property
    def url(self) -> str:
        return f"http://{STANDIN_HOST}:{self.port}"


def is_real_stripe(environment: Mapping[str, str]) -> bool:
    """Whether the caller's environment has a key of Stripe's."""
    return any(environment.get(name) for name in SECRET_KEY_VARIABLES)


def real_stripe(environment: Mapping[str, str]) -> StripeInUse:
    """Stripe itself, with all that the caller's environment says of it."""
    name = next(name for name in SECRET_KEY_VARIABLES if environment.get(name))
    money = "REAL MONEY MOVES" if LIVE_MARK in environment[name] else "in its test mode"
    return StripeInUse(f"go to Stripe itself, with {name}; {money}")


def no_stripe() -> StripeInUse:
    """Nothing can be paid: quotes say which setting is missing."""
    return StripeInUse("are not set up", variables={})


def stripe_standin(
    place: StandinPlace,
    folder: StackFolder,
    secrets: StackSecrets,
    environment: Mapping[str, str],
) -> StripeInUse:
    """The stand-in, with this folder's keys; what was paid outlives it in the folder."""
    arguments = (
        *("--port", str(place.port)),
        *("--webhook-url", place.webhook_url),
        *("--network-id", secrets.stripe_network_id),
        *("--state", str(folder.stripe_state_file)),
    )
    of_caller = {k: v for k, v in environment.items() if not k.startswith(_OF_OTHERS)}
    keys = {
        "STRIPE_SECRET_KEY": secrets.stripe_secret_key,
        "STRIPE_WEBHOOK_SECRET": secrets.stripe_webhook_secret,
    }
    return StripeInUse(
        sentence=f"go to a local stand-in for Stripe at {place.url}; no money moves",
        variables={
            **keys,
            "FVS_STRIPE_NETWORK_ID": secrets.stripe_network_id,
            "FVS_STRIPE_BASE_URL": place.url,
        },
        url=place.url,
        spt_url=f"{place.url}{SPT_PATH}",
        secret_key=secrets.stripe_secret_key,
        spec=ProcessSpec(
            name="stripe",
            command=(*place.command, *arguments),
            environment={**of_caller, **keys, "PYTHONUNBUFFERED": "1"},
            log_file=folder.log_file("stripe"),
        ),
    )


def stripe_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """What an environment says of Stripe."""
    return {k: v for k, v in environment.items() if k.startswith(_OF_STRIPE)}
