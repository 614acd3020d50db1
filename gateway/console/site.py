"""What every page of the console is made with, and how one that fails looks."""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.console.assets import Assets
from gateway.console.cookies import Cookies
from gateway.console.forms import CSRF_FIELD, FORM_BYTES_MAX, Form, faults_of, read_page_form
from gateway.console.names import SIGN_IN
from gateway.console.pages import CHECKOUT_ORIGIN, Pages
from gateway.console.visitors import SignInNeeded, Visitor, Visitors
from gateway.dependencies import Gateway
from gateway.errors import DATABASE_SENTENCE, INTERNAL_SENTENCE, answer_of, headers_of
from gateway.problem import title_of
from studio.contracts.errors import StudioError
from studio.identity.service import OpenedSession

NOTHING_HERE: Final = "There is nothing at this address, or it is not yours."
Next = Annotated[str, Query(max_length=2_000)]
"""Where to go on to; whatever it is, `own_path` decides."""


class Site:
    """Put together once for a gateway."""

    def __init__(self, gateway: Gateway) -> None:
        given = gateway.dependencies
        base_url = given.public_base_url or ""
        self.gateway = gateway
        self.assets = Assets()
        self.pages = Pages(
            self.assets,
            file_origins=given.file_origins,
            form_origins=(CHECKOUT_ORIGIN, *given.checkout_origins),
        )
        self.cookies = Cookies(is_secure=base_url.startswith("https://"))
        self.visitors = Visitors(gateway.sessions, gateway.hosts, self.cookies)

    def page(
        self, visitor: Visitor, template: str, *, status: int = HTTPStatus.OK, **shown: object
    ) -> Response:
        """A page for somebody, whose browser can then send its forms."""
        response = self.pages.page(template, visitor, status=status, **shown)
        self.visitors.remember(response, visitor)
        return response

    def again(
        self,
        visitor: Visitor,
        template: str,
        error: StudioError,
        fields: Mapping[type[StudioError], str],
        **shown: object,
    ) -> Response:
        """A form that was refused, with what is wrong beside the fields that errors are about."""
        faults = faults_of(error, fields)
        status = answer_of(error).status
        response = self.page(visitor, template, status=status, faults=faults, **shown)
        response.headers.update(headers_of(error))
        return response

    def entered(self, opened: OpenedSession, path: str) -> Response:
        """On to a page of ours, in a new session."""
        response = see_other(path)
        self.cookies.open_session(response, opened.token, ends_at=opened.expires_at)
        return response

    async def form(
        self,
        request: Request,
        visitor: Visitor,
        *fields: str,
        passed_over: frozenset[str] = frozenset(),
        bytes_max: int = FORM_BYTES_MAX,
    ) -> Form:
        """What a page of ours sent: its `fields`. ForeignForm, InvalidForm, BodyTooLarge."""
        patience = self.gateway.dependencies.body_patience.for_guests()
        form = await read_page_form(
            request, patience, *fields, passed_over=passed_over, bytes_max=bytes_max
        )
        self.visitors.check(request, visitor, form[CSRF_FIELD])
        return form

    async def problem(self, request: Request, status: int, sentence: str) -> Response:
        """A page that says what went wrong."""
        visitor = await self.visitors.anybody(request)
        return self.page(
            visitor, "problem.html", status=status, title=title_of(status), sentence=sentence
        )

    async def refusal(self, request: Request, error: StudioError) -> Response:
        """A page that says what was refused; what is ours to mend is in the log alone."""
        status = answer_of(error).status
        is_ours = status == HTTPStatus.INTERNAL_SERVER_ERROR
        sentence = INTERNAL_SENTENCE if is_ours else error.detail
        response = await self.problem(request, status, sentence)
        response.headers.update(headers_of(error))
        return response


def see_other(path: str) -> Response:
    """After a form was taken: the page to look at, which can be loaded again."""
    return RedirectResponse(path, status_code=HTTPStatus.SEE_OTHER)


def console_route(site: Site) -> type[APIRoute]:
    """Routes whose refusals are pages. The API's problem documents stay the API's."""

    class ConsoleRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    return await handle(request)
                except SignInNeeded as needed:
                    return _to_sign_in(request, needed.path)
                except StudioError as error:
                    return await site.refusal(request, error)
                except (RequestValidationError, HTTPException):
                    return await site.problem(request, HTTPStatus.NOT_FOUND, NOTHING_HERE)
                except (OperationalError, InterfaceError, PoolTimeout):
                    return _without_database(site)

            return answer

    return ConsoleRoute


def _to_sign_in(request: Request, path: str) -> Response:
    target = f"{SIGN_IN}?{urlencode({'next': path})}"
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": target})
    return see_other(target)


def _without_database(site: Site) -> Response:
    """Who is looking cannot be known either."""
    nobody = Visitor(None, "", "")
    return site.pages.page(
        "problem.html",
        nobody,
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        title=title_of(HTTPStatus.SERVICE_UNAVAILABLE),
        sentence=DATABASE_SENTENCE,
    )
