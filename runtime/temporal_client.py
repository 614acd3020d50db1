"""The connection to Temporal: the standard variables and profiles, and one data converter."""

from collections.abc import Sequence
from typing import ClassVar

from temporalio.client import Client, Interceptor
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime

from runtime.failures import data_converter
from studio.contracts.errors import StudioError

DEFAULT_ADDRESS = "127.0.0.1:7233"


class TemporalUnavailable(StudioError):
    """No Temporal server answers at the configured address."""

    code: ClassVar[str] = "temporal_unavailable"


async def connect(
    *,
    lazy: bool = False,
    runtime: Runtime | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Connect by TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY or a profile.

    A lazy client connects at its first call, so that a gateway starts while Temporal is down; a
    worker needs a real connection. Its workers inherit its interceptors. TemporalUnavailable if
    nobody answers.
    """
    options = ClientConfig.load_client_connect_config()
    options.setdefault("target_host", DEFAULT_ADDRESS)
    try:
        return await Client.connect(
            **options,
            data_converter=data_converter,
            lazy=lazy,
            runtime=runtime,
            interceptors=interceptors,
        )
    except RuntimeError as error:
        raise TemporalUnavailable(
            f"No Temporal server answers at {options['target_host']}; start one, or set "
            "TEMPORAL_ADDRESS."
        ) from error
