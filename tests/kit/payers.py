"""Clients of others that pay for quotes, as they are published: mppx of npm, and pympp."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from mpp.client.transport import Mpp
from mpp.methods.stripe.client import OnChallengeParameters, charge

from tests.kit.customer import JsonObject
from tests.kit.npm import npm_modules
from tests.kit.till import GOOD_CARD, SECRET_KEY, Till

CALL_SECONDS_MAX = 120
PAYMENT_REJECTED = 75
"""mppx's exit code for a payment that the server did not take."""


async def pay_with_mpp(
    till: Till, url: str, *, body: JsonObject | None = None, card: str = GOOD_CARD
) -> httpx.Response:
    """The Python client of the protocol: asks, mints a token at Stripe's stand-in, and pays."""

    async def create_token(wanted: OnChallengeParameters) -> str:
        return till.mint(
            int(wanted.amount),
            card=wanted.payment_method,
            currency=wanted.currency,
            network_id=wanted.network_id,
            expires_at=wanted.expires_at,
        )

    method = charge(create_token=create_token, payment_method=card)
    async with Mpp(methods=[method]) as client:
        return await client.fetch(url, method="POST" if body else "GET", json=body)


@dataclass(frozen=True)
class Ran:
    """What a command did. `output` and `errors` are what it printed."""

    exit_code: int
    output: str = field(repr=False)
    errors: str = field(repr=False)


@dataclass(frozen=True)
class Mppx:
    """The command of the npm package `mppx`, with a test key of Stripe's stand-in.

    `home` is a folder of its own: it would keep accounts and settings there.
    """

    till: Till
    home: Path

    def pay(
        self, url: str, *, body: JsonObject | None = None, method: str = "", card: str = GOOD_CARD
    ) -> Ran:
        """Ask for the URL and pay what it asks for. JSON of the answer is the output."""
        arguments = [url, "-M", f"paymentMethod={card}"]
        arguments += ["-J", json.dumps(body)] if body is not None else []
        arguments += ["-X", method] if method else []
        return self.run(*arguments)

    def run(self, *arguments: str) -> Ran:
        script = npm_modules("payers_npm", "NO REAL CLIENT PAYS A QUOTE") / "mppx/dist/bin.js"
        finished = subprocess.run(
            ["node", str(script), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=CALL_SECONDS_MAX,
            stdin=subprocess.DEVNULL,
            cwd=self.home,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "MPPX_STRIPE_SECRET_KEY": SECRET_KEY,
                "MPPX_STRIPE_SPT_URL": self.till.spt_url,
            },
        )
        return Ran(finished.returncode, finished.stdout, finished.stderr)
