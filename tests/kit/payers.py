"""Clients of others that pay for quotes, as they are published: mppx of npm, and pympp."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import httpx
from mpp.client.transport import Mpp
from mpp.methods.stripe.client import OnChallengeParameters, charge

from tests.kit.customer import JsonObject, read_receipt
from tests.kit.npm import npm_modules
from tests.kit.till import GOOD_CARD, SECRET_KEY, Till

CALL_SECONDS_MAX = 120
WALLETS = Path(__file__).parents[1] / "payers_npm"
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
    """What a command did, and what it printed."""

    exit_code: int
    output: str
    errors: str

    @property
    def statuses(self) -> list[int]:
        """Of every answer that it got, where it was asked to print their heads."""
        return [
            int(status) for status in re.findall(r"^HTTP/1\.1 (\d+)", self.output, re.MULTILINE)
        ]

    @property
    def receipt(self) -> JsonObject | None:
        """That of the last answer, if it has one."""
        found = re.findall(r"^payment-receipt: (\S+)", self.output, re.MULTILINE)
        return read_receipt(found[-1]) if found else None

    @property
    def json(self) -> JsonObject:
        """The body of the last answer, or all that was printed."""
        _, _, body = self.output.strip().rpartition("\n\n")
        return dict(json.loads(body))


@dataclass(frozen=True)
class Mppx:
    """The command of the npm package `mppx`, with a test key of Stripe's stand-in.

    `home` is a folder of its own, in which it would keep accounts.
    """

    till: Till
    home: Path

    def pay(
        self, url: str, *, body: JsonObject | None = None, method: str = "", card: str = GOOD_CARD
    ) -> Ran:
        """Ask for the URL and pay what it asks for; prints head and body of the answers."""
        arguments = [url, "--include", "-M", f"paymentMethod={card}"]
        arguments += ["-J", json.dumps(body)] if body is not None else []
        arguments += ["-X", method] if method else []
        return self.run(*arguments)

    def run(self, *arguments: str, wallet: str = "") -> Ran:
        """`wallet` is a configuration of `tests/payers_npm` that pays in place of its own one."""
        modules = npm_modules("payers_npm", "NO REAL CLIENT PAYS A QUOTE")
        # Into files: Node ends without waiting until a pipe has taken all of a long report.
        with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
            finished = subprocess.run(
                ["node", str(modules / "mppx/dist/bin.js"), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                check=False,
                timeout=CALL_SECONDS_MAX,
                cwd=self.home,
                env=self._environment(wallet, modules),
            )
            output.seek(0)
            errors.seek(0)
            return Ran(finished.returncode, output.read(), errors.read())

    def _environment(self, wallet: str, modules: Path) -> dict[str, str]:
        """All that the command is told: no settings of whoever runs the tests."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "MPPX_STRIPE_SECRET_KEY": SECRET_KEY,
            "MPPX_STRIPE_SPT_URL": self.till.spt_url,
            "MPPX_CONFIG": str(self._beside_modules(wallet, modules)) if wallet else "",
        }

    def _beside_modules(self, wallet: str, modules: Path) -> Path:
        """A copy of the configuration where Node finds the packages that it imports."""
        link = self.home / "node_modules"
        if not link.exists():
            link.symlink_to(modules)
        return Path(shutil.copy(WALLETS / wallet, self.home))
