"""Timeouts, retries and task queues by kind of work. Every activity call takes one of these.

Temporal's default retries for ever, which hides a failure; a single attempt loses work to a blip.
So each kind says how long it may take in one go, how long all tries together may take, and how a
dead worker is noticed.
"""

from datetime import timedelta
from typing import Final, TypedDict

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

from studio.contracts.names import media_task_queue
from studio.contracts.workflow_io import Timings

RECORD_TIMEOUT: Final = timedelta(seconds=10)
"""One transaction, twice the database's lock time-out; also what a killed worker costs here."""

PROCESSOR_TIMEOUT: Final = timedelta(minutes=5)
"""A charge, a look for an earlier one and a cancellation are a handful of requests of up to 45
seconds; a worker that dies is noticed by its heartbeats."""

_PATIENT: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=1.5,
    maximum_interval=timedelta(seconds=5),
)
_STEADY: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=15),
)
_PERSISTENT: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=1.5,
    maximum_interval=timedelta(seconds=10),
)
"""For what somebody is waiting for, or what comes by itself: it is never given up."""
_ONCE: Final = RetryPolicy(maximum_attempts=1)
_BRIEFLY: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)


class ActivityPolicy(TypedDict, total=False):
    """Keyword arguments of `workflow.execute_activity_method`."""

    task_queue: str
    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy
    cancellation_type: ActivityCancellationType


class Policies:
    """The policies of one render, made from its timings and its own task queue."""

    def __init__(self, timings: Timings, render_task_queue: str) -> None:
        media_queue = media_task_queue(render_task_queue)
        heartbeat = timedelta(seconds=timings.heartbeat_timeout_seconds)
        deadline = timedelta(seconds=timings.stage_deadline_seconds)
        # The ledger and the row: nothing may go on without them, so they are retried until they
        # answer, however long the database is away.
        self.record = ActivityPolicy(start_to_close_timeout=RECORD_TIMEOUT, retry_policy=_PATIENT)
        # A model call that can be repeated: bounded by the deadline of the stage.
        self.call = ActivityPolicy(
            start_to_close_timeout=timedelta(seconds=timings.call_timeout_seconds),
            schedule_to_close_timeout=deadline,
            heartbeat_timeout=heartbeat,
            retry_policy=_STEADY,
        )
        # Files of others' hosts: as long as they take, within the deadline of the stage.
        self.fetch = ActivityPolicy(
            schedule_to_close_timeout=deadline,
            heartbeat_timeout=heartbeat,
            retry_policy=_STEADY,
        )
        # A paid order: never repeated by anyone. What a crash leaves is reconciled.
        self.submit = ActivityPolicy(
            start_to_close_timeout=timedelta(seconds=timings.submit_timeout_seconds),
            heartbeat_timeout=heartbeat,
            retry_policy=_ONCE,
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        # Canceled, the question under way is still answered: a job that is found is withdrawn.
        self.reconcile = ActivityPolicy(
            start_to_close_timeout=timedelta(seconds=timings.reconcile_timeout_seconds),
            schedule_to_close_timeout=deadline,
            heartbeat_timeout=heartbeat,
            retry_policy=_STEADY,
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        # Polling resumes from the handle on any worker; one limit for all tries together.
        self.wait = ActivityPolicy(
            schedule_to_close_timeout=timedelta(seconds=timings.clip_timeout_seconds),
            heartbeat_timeout=heartbeat,
            retry_policy=_STEADY,
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        # A wish to the provider: a render's end does not wait long for it.
        self.withdraw = ActivityPolicy(
            start_to_close_timeout=timedelta(seconds=timings.submit_timeout_seconds),
            heartbeat_timeout=heartbeat,
            retry_policy=_BRIEFLY,
        )
        # A delivered clip is kept even if the render is canceled meanwhile.
        self.collect = ActivityPolicy(
            task_queue=media_queue,
            start_to_close_timeout=timedelta(seconds=timings.call_timeout_seconds),
            schedule_to_close_timeout=deadline,
            heartbeat_timeout=heartbeat,
            retry_policy=_STEADY,
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        self.media = ActivityPolicy(
            task_queue=media_queue,
            start_to_close_timeout=timedelta(seconds=timings.join_timeout_seconds),
            schedule_to_close_timeout=max(
                deadline, timedelta(seconds=timings.join_timeout_seconds)
            ),
            heartbeat_timeout=heartbeat,
            retry_policy=_STEADY,
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )


class PaymentPolicies:
    """The policies of one quote's money. Nothing of it may be lost, so nothing is given up."""

    def __init__(self, timings: Timings) -> None:
        heartbeat = timedelta(seconds=timings.heartbeat_timeout_seconds)
        # The row alone, as in `Policies`.
        self.record = ActivityPolicy(start_to_close_timeout=RECORD_TIMEOUT, retry_policy=_PATIENT)
        # The row, asked again until it says that the render has ended.
        self.follow = ActivityPolicy(
            start_to_close_timeout=RECORD_TIMEOUT, retry_policy=_PERSISTENT
        )
        # Requests to the processor, which has to be asked until it says what it did.
        self.ask = ActivityPolicy(
            start_to_close_timeout=PROCESSOR_TIMEOUT,
            heartbeat_timeout=heartbeat,
            retry_policy=_PERSISTENT,
        )
        # What the processor told is written down; after a dispute files are moved.
        self.note = ActivityPolicy(
            start_to_close_timeout=PROCESSOR_TIMEOUT,
            heartbeat_timeout=heartbeat,
            retry_policy=_PATIENT,
        )
