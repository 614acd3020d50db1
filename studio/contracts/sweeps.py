"""What the sweep is asked, and what it says it did."""

from pydantic import Field

from studio.contracts.base import Payload


class ReconcileTask(Payload):
    """One sweep. Rows younger than `grace_seconds` are left to the gateway that made them.

    Purchases of credits are asked about every `top_up_seconds` while they are open: most people
    pay within minutes, and webhooks tell of it.
    """

    grace_seconds: float = 30.0
    top_up_seconds: float = 300.0
    limit: int = 200


class WalletSweepReport(Payload):
    """What a sweep did for wallets: gifts that ended, and owners who were told of a low balance."""

    credits_expired: int = 0
    notified: int = 0


class ReconcileReport(Payload):
    """What a sweep did. `drift` lists what does not add up; nothing of it is mended by itself."""

    started: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    drift: tuple[str, ...] = Field(default=())
