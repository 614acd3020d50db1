"""Mail behind an answer's back: one that cannot be sent fails nothing but itself."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from gateway.metrics import GatewayMetrics
from gateway.services.background import Background
from studio.mail.errors import MailError
from studio.mail.ports import Mailer, Message

MAILS_AT_ONCE_MAX: Final = 2
"""A slow mail server keeps its threads, and nobody else's."""
NOT_SENT: Final = "mail not sent"


class Post:
    """Sends messages one by one, without trying again: who misses a link asks for another."""

    def __init__(self, mailer: Mailer, metrics: GatewayMetrics) -> None:
        self._mailer = mailer
        self._metrics = metrics
        self._background = Background()
        self._pool = ThreadPoolExecutor(MAILS_AT_ONCE_MAX, "gateway-mail")

    def send_soon(self, message: Message) -> None:
        self._background.start(self._send(message), NOT_SENT, subject=message.subject)

    async def finish(self) -> None:
        """Wait for what is being sent."""
        await self._background.finish()

    async def close(self) -> None:
        await self.finish()
        self._pool.shutdown(wait=True)

    async def _send(self, message: Message) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._mailer.send, message)
        except MailError as error:
            self._metrics.mail_ended(error.code)
            raise
        self._metrics.mail_ended("sent")
