"""Idempotency keys, as docs.stripe.com/api/idempotent_requests has them."""

import threading
from collections.abc import Callable
from typing import Final

from runtime.stripe_standin.records import KeptAnswer
from runtime.stripe_standin.refusals import invalid, key_in_use, key_reused
from runtime.stripe_standin.store import Store
from runtime.stripe_standin.wire import Answer, Call

KEY_CHARACTERS_MAX: Final = 255
KEPT_SECONDS: Final = 24 * 3600
REPLAYED: Final = "Idempotent-Replayed"


class Idempotency:
    """The keys in use, and the answers that are kept in the store for a day."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._in_use: set[str] = set()

    def begin(self, key: str, call: Call) -> Answer | None:
        """The kept answer to the same request; else the key is in use until `end`.

        Refuses a key that is in use, and one that was used for another request.
        """
        if len(key) > KEY_CHARACTERS_MAX:
            raise invalid("Idempotency keys have up to 255 characters.", param=None)
        with self._lock:
            if key in self._in_use:
                raise key_in_use(key)
            kept = self._store.get(KeptAnswer, key)
            if kept is None or self._is_over(kept):
                self._in_use.add(key)
                return None
        endpoint = f"{call.method} {call.path}"
        if kept.endpoint != endpoint:
            raise key_reused(key, kept.endpoint.split()[1], call.path)
        if kept.fingerprint != call.fingerprint:
            raise key_reused(key, call.path, call.path)
        replayed = {REPLAYED: "true", "Original-Request": kept.request_id}
        return Answer(kept.status, kept.body.encode(), {**kept.headers, **replayed})

    def prune(self) -> None:
        """Forget the answers that are older than a day."""
        for kept in self._store.all(KeptAnswer):
            if self._is_over(kept):
                self._store.remove(kept)

    def _is_over(self, kept: KeptAnswer) -> bool:
        return self._now() - kept.created >= KEPT_SECONDS

    def end(self, key: str) -> None:
        with self._lock:
            self._in_use.discard(key)

    def keep(self, key: str, call: Call, answer: Answer) -> None:
        """Call in the transaction of what the answer is about."""
        self._store.put(
            KeptAnswer(
                id=key,
                created=int(self._now()),
                endpoint=f"{call.method} {call.path}",
                fingerprint=call.fingerprint,
                request_id=call.request_id,
                status=answer.status,
                body=answer.body.decode(),
                headers=dict(answer.headers),
            )
        )
