"""A Temporal that somebody else runs, named by the standard variables and profiles.

Imports the SDK: whoever calls this must end with `os._exit` (see `runtime/cli.py`).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from runtime.temporal_config import TemporalConfig

CONNECT_SECONDS: Final = 10.0


@dataclass(frozen=True)
class ExternalTemporal:
    address: str
    namespace: str


def external_temporal(
    config: TemporalConfig, environment: Mapping[str, str], say: Callable[[str], None]
) -> ExternalTemporal | None:
    """The server that the environment names, if it does and it answers; else None.

    Search attributes that are missing are added; where that is not allowed (Temporal Cloud has
    its own way), a sentence says which.
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
        asyncio.run(
            asyncio.wait_for(_prepare(config, environment, namespace, say), CONNECT_SECONDS)
        )
    except (RuntimeError, RPCError, TimeoutError) as error:
        reason = "no answer" if isinstance(error, TimeoutError) else str(error).splitlines()[0]
        say(f"The Temporal server that the environment names, {address}, is not usable: {reason}.")
        return None
    return ExternalTemporal(address, namespace)


async def _prepare(
    config: TemporalConfig,
    environment: Mapping[str, str],
    namespace: str,
    say: Callable[[str], None],
) -> None:
    given = ClientConfig.load_client_connect_config(override_env_vars=dict(environment))
    client = await Client.connect(**given)
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace)
    )
    missing = {
        name: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{_screaming(kind)}")
        for name, kind in config.search_attributes.items()
        if name not in known.custom_attributes
    }
    if not missing:
        return
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
        )
    except RPCError as error:
        say(
            f"Add these search attributes to the namespace {namespace} first: "
            f"{', '.join(sorted(missing))} ({error.message})."
        )


def _screaming(kind: str) -> str:
    return "KEYWORD_LIST" if kind == "KeywordList" else kind.upper()
