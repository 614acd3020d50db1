"""The account of the console's benchmark: its owner signed in, its films made long ago."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import httpx2

from bench.errors import MeasurementFailed
from bench.place import opened
from bench.service import Service
from gateway.console.names import RENDERS, SIGN_IN
from studio.contracts.request import RenderRequest
from studio.contracts.status import ClipState, RenderSnapshot, RenderState, Stage
from studio.contracts.workflow_io import RenderInput
from studio.renders.first_snapshot import first_snapshot
from studio.renders.repository import NewRender, insert_render, load_render, store_snapshot

MADE: Final = 52
"""With the eight being made these are three pages of the list."""
APART: Final = timedelta(hours=5)
MAKING: Final = timedelta(minutes=9)
SESSION_COOKIE: Final = "fvs_session"
"""Its name over plain HTTP."""
_CSRF: Final = re.compile(r'name="csrf" value="([^"]+)"')
_LISTED: Final = re.compile(rf'href="{RENDERS}/(proj_api_[0-9a-f]+)"')


def signed_in(service: Service) -> dict[str, str]:
    """The cookie of a browser in which the account's owner has signed in."""
    with httpx2.Client(base_url=service.base_url, trust_env=False) as browser:
        csrf = _CSRF.search(browser.get(SIGN_IN).text)
        if csrf is None:
            raise MeasurementFailed("There is no form to sign in with.")
        account = service.account
        form = {"csrf": csrf[1], "email": account.email, "password": account.password, "next": "/"}
        browser.post(SIGN_IN, data=form, headers={"Sec-Fetch-Site": "same-origin"})
        secret = browser.cookies.get(SESSION_COOKIE)
        if secret is None:
            raise MeasurementFailed("The owner of the account was not let in.")
        return {SESSION_COOKIE: secret}


def add_made(service: Service, like: str, count: int = MADE) -> list[str]:
    """Films that were made before the render `like`, of its request; the newest first."""
    projects = [f"proj_api_{number:016x}" for number in range(count)]
    with opened(service.database_url) as database, database.transaction() as session:
        row = load_render(session, like)
        planned = RenderInput.model_validate(row.workflow_input)
        for number, project_id in enumerate(projects, 1):
            began = row.created_at - number * APART
            first = first_snapshot(planned.plan)
            new = NewRender(
                project_id=project_id,
                account_id=row.account_id,
                request=RenderRequest.model_validate(row.request, strict=False),
                assets=(),
                workflow_input=planned.model_copy(update={"project_id": project_id}),
                snapshot=first,
                fingerprint=row.fingerprint,
            )
            insert_render(session, new, now=began)
            store_snapshot(session, project_id, _made(project_id, first), now=began + MAKING)
    return projects


def _made(project_id: str, first: RenderSnapshot) -> RenderSnapshot:
    folder = f"projects/{project_id}"
    clips = tuple(
        clip.model_copy(
            update={
                "status": ClipState.COMPLETED,
                "attempts": 1,
                "video_key": f"{folder}/{clip.index}.mp4",
                "thumbnail_key": f"{folder}/{clip.index}.jpg",
                "keyframe_key": f"{folder}/{clip.index}.png",
                "keyframe_score": 8.5,
                "video_score": 8.0,
            }
        )
        for clip in first.clips
    )
    return first.model_copy(
        update={
            "revision": 40,
            "status": RenderState.COMPLETED,
            "stage": Stage.COMPLETED,
            "progress": 1.0,
            "credits_settled": first.credits_reserved,
            "clips": clips,
            "final_video_key": f"{folder}/film.mp4",
            "poster_key": f"{folder}/poster.jpg",
        }
    )


def fetch_page(service: Service, cookies: dict[str, str]) -> bytes:
    """The bytes of the account's list."""
    with httpx2.Client(cookies=cookies, trust_env=False) as browser:
        return browser.get(service.base_url + RENDERS).raise_for_status().content


def check_page(status: int, body: str, wanted: Sequence[str]) -> None:
    """MeasurementFailed unless it is a whole page that lists these renders, in their order."""
    listed = _LISTED.findall(body)
    if status != httpx2.codes.OK or listed != wanted or "</html>" not in body:
        raise MeasurementFailed(f"The page was answered with {status} and lists {listed}.")
