"""Names that the gateway, the workers and operators' saved searches agree on."""

from typing import Final

RENDER_WORKFLOW: Final = "RenderWorkflow"
STATUS_QUERY: Final = "status"
CANCEL_SIGNAL: Final = "cancel"
RECONCILE_WORKFLOW: Final = "ReconcileWorkflow"
RECONCILE_SCHEDULE_ID: Final = "fvs-reconcile"

RENDER_TASK_QUEUE: Final = "fvs-render"


def media_task_queue(render_task_queue: str) -> str:
    """CPU-bound work (ffmpeg) has a queue beside its render's: a join never starves model calls."""
    return f"{render_task_queue}-media"


SEARCH_ACCOUNT: Final = "FvsAccount"
SEARCH_MODE: Final = "FvsMode"
SEARCH_STAGE: Final = "FvsStage"
SEARCH_STATUS: Final = "FvsStatus"
SEARCH_VIDEO_MODEL: Final = "FvsVideoModel"
SEARCH_CREDITS: Final = "FvsCredits"
