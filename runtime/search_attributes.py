"""Registers the search attributes; without them every workflow task of a render would fail."""

from typing import Final

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from studio.contracts import names

SEARCH_ATTRIBUTES: Final = {
    names.SEARCH_ACCOUNT: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    names.SEARCH_MODE: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    names.SEARCH_STAGE: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    names.SEARCH_STATUS: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    names.SEARCH_VIDEO_MODEL: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    names.SEARCH_CREDITS: IndexedValueType.INDEXED_VALUE_TYPE_INT,
}


async def ensure_search_attributes(client: Client) -> None:
    """Add what is missing. Where operators manage them (Temporal Cloud), it is left to them."""
    request = AddSearchAttributesRequest(
        namespace=client.namespace, search_attributes=SEARCH_ATTRIBUTES
    )
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status not in {
            RPCStatusCode.ALREADY_EXISTS,
            RPCStatusCode.PERMISSION_DENIED,
            RPCStatusCode.UNIMPLEMENTED,
        }:
            raise
