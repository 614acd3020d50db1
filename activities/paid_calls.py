"""Paid calls that answer at once: a result that is stored is never bought again.

There is no handle to ask about, so what a crash or a lost answer can cost is bounded: each try
is written down before it is made, and given back where the provider surely took nothing on.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from activities.workbench import Workbench
from studio.journal import calls as journal
from studio.providers.errors import ProviderError, SubmissionUnknown, UnusableAnswer

FREE_PROVIDER: Final = "local"
"""Its models run here and cost nothing: nothing is written down."""

CALL_TRIES_MAX: Final = 3
"""How often one call may be paid for. The dearest, a 4K keyframe, lists at 24 cents: two that are
lost cost less than the margin on one shot."""

Result = TypeVar("Result", bound=BaseModel)


@dataclass(frozen=True)
class PaidCall:
    """`call_id` names the result in its render; `request` is everything that decides it.

    Defaults of a payload are left out of its digest, so that a field added by a release does not
    make another request of one in flight.
    """

    call_id: str
    project_id: str
    provider: str
    request: BaseModel | Mapping[str, object]


async def paid_call(
    bench: Workbench,
    call: PaidCall,
    *,
    work: Callable[[], Awaitable[Result]],
    kind: type[Result],
) -> Result:
    """Do `work`, which calls the provider and stores what it gave, unless it was done before.

    Raises what `work` raises, TriesExhausted and AttemptConflict.
    """
    if call.provider == FREE_PROVIDER:
        return await work()
    entry = journal.Call(call.call_id, call.project_id, call.provider, digest_of(call.request))
    known = await bench.transact(
        lambda session: journal.begin_call(
            session, entry, tries_max=CALL_TRIES_MAX, now=bench.now()
        )
    )
    if known is not None:
        return kind.model_validate(known)
    try:
        result = await work()
    except (SubmissionUnknown, UnusableAnswer):
        raise
    except ProviderError:
        # Not to give it back costs a try, not a payment: the provider's error is what counts.
        with suppress(SQLAlchemyError):
            await bench.transact(
                lambda session: journal.return_try(session, call.call_id, now=bench.now())
            )
        raise
    document = result.model_dump(mode="json")
    await bench.transact(
        lambda session: journal.finish_call(session, call.call_id, document, now=bench.now())
    )
    return result


async def kept_result(bench: Workbench, call_id: str, kind: type[Result]) -> Result | None:
    """What `keep_result` kept under this id, or None."""
    known = await bench.transact(lambda session: journal.find_result(session, call_id))
    return None if known is None else kind.model_validate(known)


async def keep_result(bench: Workbench, call: PaidCall, result: BaseModel) -> None:
    """Keep what may not be had again, such as a clip that its provider deletes after a while."""
    entry = journal.Call(call.call_id, call.project_id, call.provider, digest_of(call.request))
    document = result.model_dump(mode="json")
    await bench.transact(
        lambda session: journal.keep_result(session, entry, document, now=bench.now())
    )


def digest_of(request: BaseModel | Mapping[str, object]) -> str:
    """SHA-256 over a request: one id must never stand for two of them."""
    if isinstance(request, BaseModel):
        request = request.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
