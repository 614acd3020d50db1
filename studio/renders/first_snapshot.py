"""What a render's row shows before its workflow has said anything."""

from studio.contracts.plan import ShotPlan
from studio.contracts.status import ClipSnapshot, RenderSnapshot


def first_snapshot(plan: ShotPlan) -> RenderSnapshot:
    """How a render looks before its workflow has said anything: revision 0."""
    return RenderSnapshot(
        credits_reserved=plan.charges.total_credits,
        warnings=plan.warnings,
        clips=tuple(
            ClipSnapshot(
                index=shot.index,
                duration_seconds=round(shot.frames / plan.frames_per_second, 3),
            )
            for shot in plan.shots
        ),
    )
