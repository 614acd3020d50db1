"""One call of a tool: who calls, from where, and how it is told of progress."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import JsonValue, ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import Headers

from gateway.auth import KEY_LENGTH_MAX, find_key
from gateway.dependencies import Gateway
from gateway.mcp.errors import KeyInArguments, MissingKey, UnknownBillingMode
from gateway.mcp.names import BILLING_MODE_HEADER, PAY_PER_RENDER
from gateway.services.renders import Authorize
from studio.accounts.errors import InvalidKey
from studio.accounts.records import Principal
from studio.accounts.tables import KeyScope
from studio.contracts.base import EdgeModel
from studio.ingest.errors import InvalidRequest
from studio.ingest.problems import pointer_to, problems_of

ACCOUNT: Final = "account"
BILLING_MODES: Final = (ACCOUNT, PAY_PER_RENDER)
_CREDENTIALS: Final = frozenset(
    {
        "access_token",
        "agent_api_key",
        "agent_key",
        "api_key",
        "apikey",
        "authorization",
        "fvs_agent_api_key",
        "fvs_agent_key",
        "fvs_api_key",
        "password",
        "secret",
        "token",
        "x_agent_api_key",
        "x_api_key",
        "x_fvs_agent_key",
    }
)
"""What models call an argument that they put a key into."""

Arguments = dict[str, JsonValue]
Model = TypeVar("Model", bound=EdgeModel)


@dataclass(frozen=True)
class Call:
    """`address` is whom limits count for; `progress` tells the caller how far a wait is."""

    gateway: Gateway
    headers: Headers
    base_url: str
    address: str
    request_id: str | None
    progress: Callable[[float, float, str], Awaitable[None]]

    def secret(self) -> str:
        """The key that is to pay, unchecked. MissingKey, InvalidKey, UnknownBillingMode."""
        found = find_key(self.headers)
        if self._pays_per_render():
            raise MissingKey(ignored=found is not None)
        if found is None:
            raise MissingKey
        if len(found) > KEY_LENGTH_MAX:
            raise InvalidKey
        return found

    async def principal(self, scope: KeyScope) -> Principal:
        """Whom the call acts for. As `secret`, once it is checked, and KeyLacksScope."""
        return await self.gateway.keys.principal(self.secret(), scope)

    def owner(self, scope: KeyScope) -> Authorize:
        """The same, checked in the session of the read that it is for."""
        secret = self.secret()

        def authorize(session: Session) -> str:
            return self.gateway.keys.check(session, secret, scope).account_id

        return authorize

    def check_mode(self) -> None:
        """UnknownBillingMode; for tools that take both modes."""
        self._pays_per_render()

    @property
    def billing_mode(self) -> str:
        """How a render would be paid for now. UnknownBillingMode."""
        pays = self._pays_per_render() or find_key(self.headers) is None
        return PAY_PER_RENDER if pays else ACCOUNT

    def _pays_per_render(self) -> bool:
        """Whether the connection says so, among whatever else: that is stronger than a key."""
        given = ",".join(self.headers.getlist(BILLING_MODE_HEADER)).split(",")
        modes = {mode.strip().lower() for mode in given} - {""}
        if not modes.issubset(BILLING_MODES):
            raise UnknownBillingMode(BILLING_MODES)
        return PAY_PER_RENDER in modes


def given_arguments(arguments: Mapping[str, JsonValue]) -> Arguments:
    """What was given: null is as good as nothing. KeyInArguments, without reading its value."""
    given: Arguments = {name: value for name, value in arguments.items() if value is not None}
    request = given.get("request")
    _refuse_credentials(given, "")
    if isinstance(request, dict):
        _refuse_credentials(request, "/request")
    return given


def read_arguments(model: type[Model], arguments: Arguments) -> Model:
    """The arguments as `model` has them. InvalidRequest, which repeats none of their values."""
    try:
        return model.model_validate_json(_encoded(_written(arguments)))
    except ValidationError as error:
        raise InvalidRequest(problems_of(error, model)) from None


def body_of(arguments: Arguments) -> bytes:
    """The arguments of a brief as the API takes them. Models send objects as text now and then."""
    request = arguments.get("request")
    if isinstance(request, str) and request.lstrip().startswith("{"):
        return _with_request(arguments, request.strip())
    return _encoded(_written(arguments))


def _with_request(arguments: Arguments, request: str) -> bytes:
    """Put the text in unread: what is wrong with it is found where all requests are read."""
    try:
        json.loads(request)
    except (ValueError, RecursionError):
        return _encoded(_written(arguments))
    others = "".join(
        f",{_written(name)}:{_written(value)}"
        for name, value in arguments.items()
        if name != "request"
    )
    return _encoded(f'{{"request":{request}{others}}}')


def _written(value: JsonValue) -> str:
    """No longer than it was sent, or a brief that fits the API would not fit here."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # half of a pair is refused where it is read


def _refuse_credentials(given: Mapping[str, JsonValue], pointer: str) -> None:
    for name in given:
        if name.lower().replace("-", "_") in _CREDENTIALS:
            raise KeyInArguments(pointer + pointer_to([name]))
