"""A member with credits and renders, and what the pages of renders are asked."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx2

from gateway.dependencies import Gateway
from studio.accounts.records import Principal
from studio.contracts.status import ClipState, RenderState, Stage
from studio.identity.service import find_login
from studio.ingest.forms import SubmittedForm
from studio.ledger.service import open_wallet, top_up
from tests.api.kit import ApiStack
from tests.console.kit import EMAIL, Browser, hidden_fields, member_of

NEW: Final = "/renders/new"
FROM_OUR_PAGE: Final = {"Sec-Fetch-Site": "same-origin"}
FILM_FORM: Final = {
    "name": "Airship",
    "screenplay": "Shot 1: A glass airship drifts over a frozen city.",
    "shot_count": "1",
    "scene_target_duration_seconds": "4",
    "stage_voice_briefs_enabled": "no",
}
"""The fields of `BRIEF`, as the page's form has them."""
SCRIPT: Final = "<script>alert('x')</script>"
SHOWN_SCRIPT: Final = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"

Files = Sequence[tuple[str, tuple[str, bytes, str]]]
"""By field: a file's name, its bytes and the type that the browser says it has."""


@dataclass
class Maker:
    """A signed-in browser and the account behind it."""

    browser: Browser
    stack: ApiStack
    account_id: str

    async def fill_in(self, files: Files = (), /, **fields: str) -> httpx2.Response:
        """Open the form of a brief and send it, with these fields beside those of a short film."""
        hidden = hidden_fields((await self.browser.open(NEW)).text)
        return await self.send(files, **{**hidden, **FILM_FORM, **fields})

    async def send(self, files: Files = (), /, **fields: str) -> httpx2.Response:
        """Send a form as it is, as a browser sends one that may have files."""
        texts = [(name, (None, text)) for name, text in fields.items()]
        return await self.browser.http.post(NEW, files=[*texts, *files], headers=FROM_OUR_PAGE)

    async def start(self, **fields: str) -> str:
        """A render of this account, just started."""
        answer = await self.fill_in(**fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].rpartition("/")[2]


@asynccontextmanager
async def maker_of(
    stack: ApiStack, email: str = EMAIL, *, credits_: int = 1000
) -> AsyncIterator[Maker]:
    async with member_of(stack, email) as browser:
        yield Maker(browser, stack, give_credits(stack, credits_, email=email))


def give_credits(stack: ApiStack, credits_: int, *, email: str = EMAIL) -> str:
    """Have an account have credits; its id."""
    now = stack.time.now()
    with stack.database.transaction() as session:
        login = find_login(session, email=email)
        assert login is not None
        wallet = open_wallet(session, owner=login.account_id, now=now)
        if credits_:
            top_up(session, wallet=wallet, credits=credits_, reference=email, now=now)
    return login.account_id


def film_shot(stack: ApiStack, project_id: str, **clip: object) -> None:
    """Have a run say that it films its first shot."""
    first, *others = stack.snapshot(project_id).clips
    changed = first.model_copy(update={"status": ClipState.FILMING, "attempts": 1} | clip)
    stack.record(
        project_id,
        status=RenderState.RUNNING,
        stage=Stage.FILMING,
        progress=0.4,
        clips=(changed, *others),
    )


async def start_render(stack: ApiStack, account_id: str, **request: object) -> str:
    """A render of an account, just started by somebody else than its browser."""
    gateway = Gateway(stack.dependencies)
    form = SubmittedForm(json.dumps(request).encode())
    submitted = await gateway.submissions.submit(
        Principal(account_id=account_id, key_id=None), form, idempotency_key=None
    )
    await gateway.close()
    return submitted.view.project_id
