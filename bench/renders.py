"""Renders to measure with: frozen by the real catalogue and prices, stored as a gateway would."""

import secrets
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from studio.catalog.catalogue import load_catalogue
from studio.catalog.installation import Installation
from studio.catalog.models import LOCAL_PROVIDER
from studio.contracts.limits import HOLD_LIFETIME_SECONDS
from studio.contracts.request import RenderRequest
from studio.contracts.status import ClipSnapshot, RenderSnapshot
from studio.contracts.workflow_io import RenderInput, Timings
from studio.ledger import service as ledger
from studio.pricing.freeze import FrozenRender, freeze_plan
from studio.pricing.uploads import UploadFacts
from studio.renders.repository import NewRender, insert_render

SHOT_SECONDS: Final = 8
"""A common clip length of the models that are priced."""

CATALOGUE: Final = load_catalogue()

PLANNED_ON: Final = date(2026, 11, 1)
"""Local models do not end: any day plans the same film."""

FINGERPRINT: Final = "0" * 64


def new_project_id() -> str:
    return f"proj_api_{secrets.token_hex(8)}"


def freeze(shot_count: int) -> FrozenRender:
    """A film of so many shots, silent and without voice briefs, made by the local stand-ins."""
    request = RenderRequest(
        name=f"Benchmark of {shot_count} shots",
        screenplay=" ".join(
            f"Shot {number}: an airship passes over a harbour at dawn."
            for number in range(1, shot_count + 1)
        ),
        shot_count=shot_count,
        scene_target_duration_seconds=shot_count * SHOT_SECONDS,
        stage_voice_briefs_enabled=False,
    )
    return freeze_plan(
        request,
        CATALOGUE.defaults.account,
        UploadFacts.unknown(),
        catalogue=CATALOGUE,
        installation=Installation(
            configured=frozenset(),
            adapters=frozenset({LOCAL_PROVIDER}),
            unconfigured="local",
            today=PLANNED_ON,
        ),
    )


def render_of(frozen: FrozenRender, account_id: str, timings: Timings | None = None) -> RenderInput:
    return RenderInput(
        project_id=new_project_id(),
        account_id=account_id,
        name=frozen.request.name,
        mode=frozen.request.project_mode,
        plan=frozen.plan,
        music=frozen.music,
        timings=timings or Timings(),
    )


def store(session: Session, frozen: FrozenRender, render: RenderInput, *, now: datetime) -> None:
    """Hold the credits and insert the row, as a submission does."""
    plan = render.plan
    ledger.reserve(
        session,
        wallet=ledger.wallet_id(render.account_id),
        subject=render.project_id,
        lines=plan.charges.lines,
        expires_at=now + timedelta(seconds=HOLD_LIFETIME_SECONDS),
        now=now,
    )
    snapshot = RenderSnapshot(
        credits_reserved=plan.charges.total_credits,
        warnings=plan.warnings,
        clips=tuple(ClipSnapshot(index=shot.index) for shot in plan.shots),
    )
    insert_render(
        session,
        NewRender(
            project_id=render.project_id,
            account_id=render.account_id,
            request=frozen.request,
            assets=(),
            workflow_input=render,
            snapshot=snapshot,
            fingerprint=FINGERPRINT,
        ),
        now=now,
    )
