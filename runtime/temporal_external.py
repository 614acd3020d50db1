"""A Temporal that somebody else runs, named by the standard variables and profiles.

Imports the SDK: whoever calls this must end with `os._exit` (see `runtime/cli.py`).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

CONNECT_SECONDS: Final = 10.0


@dataclass(frozen=True)
class ExternalTemporal:
    address: str
    namespace: str


def external_temporal(
    environment: Mapping[str, str], say: Callable[[str], None]
) -> ExternalTemporal | None:
    """The server that the environment or a profile of it names, if one is named and it answers.

    Else None; where one is named but cannot be used, a sentence says why.
    """
    try:
        given = ClientConfig.load_client_connect_config(override_env_vars=dict(environment))
    except (RuntimeError, ValueError, KeyError) as error:
        say(f"The Temporal profile of the environment cannot be used: {error}.")
        return None
    address = given.get("target_host")
    if not address:
        return None
    namespace = given.get("namespace") or "default"
    try:
        asyncio.run(asyncio.wait_for(_look_at(environment, namespace), CONNECT_SECONDS))
    except (RuntimeError, RPCError, TimeoutError) as error:
        # A failed connection is told in the words of five layers; an answer that refuses, in one.
        reason = error.message if isinstance(error, RPCError) else "no answer"
        say(
            f"The Temporal server that the environment names, {address}, cannot be used "
            f"({reason}); another is looked for."
        )
        return None
    return ExternalTemporal(address, namespace)


async def _look_at(environment: Mapping[str, str], namespace: str) -> None:
    given = ClientConfig.load_client_connect_config(override_env_vars=dict(environment))
    client = await Client.connect(**given)
    await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
