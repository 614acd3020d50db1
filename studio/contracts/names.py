"""Names that the gateway, the workers and operators' saved searches agree on."""

from typing import Final

RENDER_WORKFLOW: Final = "RenderWorkflow"
STATUS_QUERY: Final = "status"
CANCEL_SIGNAL: Final = "cancel"
RECONCILE_WORKFLOW: Final = "ReconcileWorkflow"
RECONCILE_SCHEDULE_ID: Final = "fvs-reconcile"

RENDER_TASK_QUEUE: Final = "fvs-render"
MEDIA_TASK_QUEUE: Final = "fvs-media"
"""CPU-bound work (ffmpeg) has a queue of its own, so that a join never starves model calls."""

SEARCH_ACCOUNT: Final = "FvsAccount"
SEARCH_MODE: Final = "FvsMode"
SEARCH_STAGE: Final = "FvsStage"
SEARCH_STATUS: Final = "FvsStatus"
SEARCH_VIDEO_MODEL: Final = "FvsVideoModel"
SEARCH_CREDITS: Final = "FvsCredits"
