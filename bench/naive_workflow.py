"""How others film a clip: order, wait and fetch in one activity that is tried three times."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

NAIVE_WORKFLOW = "NaiveFilming"
TRIES_MAX = 3
CLIP_TIMEOUT = timedelta(seconds=60)


@dataclass
class NaiveOrder:
    """One clip of `seconds` from a provider by its own id of the model."""

    provider: str
    model: str
    seconds: int
    heartbeat_seconds: float


class NaiveActivities:
    @activity.defn
    async def film_naively(self, order: NaiveOrder) -> None:
        raise NotImplementedError


@workflow.defn(name=NAIVE_WORKFLOW)
class NaiveWorkflow:
    @workflow.run
    async def run(self, orders: list[NaiveOrder]) -> int:
        """How many clips there are in the end."""
        return sum(await asyncio.gather(*map(self._film, orders)))

    async def _film(self, order: NaiveOrder) -> int:
        try:
            await workflow.execute_activity_method(
                NaiveActivities.film_naively,
                order,
                start_to_close_timeout=CLIP_TIMEOUT,
                heartbeat_timeout=timedelta(seconds=order.heartbeat_seconds),
                retry_policy=RetryPolicy(maximum_attempts=TRIES_MAX),
            )
        except ActivityError:
            return 0
        return 1
