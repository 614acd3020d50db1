"""Templates become pages, with the headers that keep a page to itself."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from gateway.console.assets import Assets
from gateway.console.visitors import Visitor
from studio.contracts.limits import NAME_LENGTH_MAX
from studio.identity.passwords import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN

CHECKOUT_ORIGIN: Final = "https://checkout.stripe.com"
"""Where Stripe sends who pays: a form of ours may lead there by a redirect."""
FORM_LIMITS: Final = {
    "name_max": NAME_LENGTH_MAX,
    "password_min": PASSWORD_LENGTH_MIN,
    "password_max": PASSWORD_LENGTH_MAX,
}
"""What forms tell of the limits of their fields, in characters."""
_CENTS_A_DOLLAR: Final = 100


class Pages:
    """Renders templates. Everything that is shown is escaped; a missing name is an error.

    `file_origins` are stores whose signed URLs a page may show; `form_origins` where its forms may
    end up after a redirect.
    """

    def __init__(
        self,
        assets: Assets,
        *,
        file_origins: tuple[str, ...] = (),
        form_origins: tuple[str, ...] = (CHECKOUT_ORIGIN,),
    ) -> None:
        self._environment = Environment(
            loader=PackageLoader("gateway.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {"asset": assets.path, "limits": FORM_LIMITS}
        self._environment.filters |= {
            "credits": show_credits,
            "dollars": show_dollars,
            "change": show_change,
            "moment": show_moment,
            "machine": show_machine_moment,
        }
        self._headers = {
            "Content-Security-Policy": _policy(file_origins, form_origins),
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "same-origin",
            "X-Frame-Options": "DENY",
        }

    def text(self, template: str, visitor: Visitor, **shown: object) -> str:
        """A fragment, for a page that is open already."""
        return self._environment.get_template(template).render(visitor=visitor, **shown)

    def page(
        self, template: str, visitor: Visitor, *, status: int = HTTPStatus.OK, **shown: object
    ) -> HTMLResponse:
        return HTMLResponse(
            self.text(template, visitor, **shown), status_code=status, headers=self._headers
        )


def _policy(file_origins: tuple[str, ...], form_origins: tuple[str, ...]) -> str:
    """No script or style but from files of ours, no frame, nothing that a name could bring in."""
    shown = " ".join(("'self'", *file_origins))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {shown}",
            f"media-src {shown}",
            f"connect-src {shown}",
            " ".join(("form-action 'self'", *form_origins)),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def show_credits(credits: int) -> str:
    """`1,234 credits`."""
    return f"{credits:,} credit{'' if credits == 1 else 's'}"


def show_dollars(cents: int) -> str:
    """`$12.34`: a credit is a cent."""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}${cents // _CENTS_A_DOLLAR:,}.{cents % _CENTS_A_DOLLAR:02d}"


def show_change(credits: int) -> str:
    """`+1,234`, minus twenty with the sign that has its width, or `0` where nothing changed."""
    return f"{credits:+,}".replace("-", "\N{MINUS SIGN}") if credits else "0"


def show_moment(moment: datetime) -> str:
    """`27 Nov 2026, 05:02 UTC`."""
    return f"{moment.astimezone(UTC):%d %b %Y, %H:%M} UTC"


def show_machine_moment(moment: datetime) -> str:
    """For `<time datetime=…>`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
