"""What a render's workflow is started with, from its frozen plan."""

from studio.contracts.redaction import redact_text
from studio.contracts.workflow_io import RenderInput, Timings
from studio.pricing.freeze import FrozenRender


def render_input(
    frozen: FrozenRender,
    *,
    project_id: str,
    account_id: str,
    timings: Timings,
    asset_count: int,
    fetch_count: int = 0,
) -> RenderInput:
    """`fetch_count` of the `asset_count` uploads are addresses so far."""
    return RenderInput(
        project_id=project_id,
        account_id=account_id,
        # Temporal keeps its histories for operators to read; the row has the name as it is.
        name=redact_text(frozen.request.name),
        mode=frozen.request.project_mode,
        plan=frozen.plan,
        asset_count=asset_count,
        music=frozen.music,
        voice_briefs=bool(frozen.request.stage_voice_briefs_enabled),
        ingredients=frozen.ingredients,
        narration=frozen.narration,
        timings=timings,
        fetch_count=fetch_count,
        visual_style_preset=frozen.request.visual_style_preset,
    )
