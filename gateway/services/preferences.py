"""What an account does by itself because its owner said so: defaults and notices."""

from collections.abc import Mapping

from gateway.clock import Clock
from gateway.services.threads import Threads
from studio.accounts.service import save_defaults, set_low_balance
from studio.catalog.catalogue import Catalogue
from studio.catalog.saved_defaults import read_defaults


class Preferences:
    def __init__(self, *, threads: Threads, catalogue: Catalogue, clock: Clock) -> None:
        self._threads = threads
        self._catalogue = catalogue
        self._clock = clock

    async def save_defaults(self, account_id: str, fields: Mapping[str, object]) -> None:
        """Save all of them, or none. InvalidDefaults, UnknownAccount."""
        today = self._clock.now().date()
        defaults = read_defaults(fields, catalogue=self._catalogue, today=today)
        await self._threads.write(
            lambda session: save_defaults(session, account_id=account_id, defaults=defaults)
        )

    async def save_low_balance(self, account_id: str, credits: int | None) -> None:
        """Have the owner told below so many credits; None for never. InvalidAccount."""
        await self._threads.write(
            lambda session: set_low_balance(session, account_id=account_id, credits=credits)
        )
