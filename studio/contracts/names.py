"""Names that the gateway, the workers and operators' saved searches agree on."""

from typing import Final

RENDER_WORKFLOW: Final = "RenderWorkflow"
STATUS_QUERY: Final = "status"
CANCEL_SIGNAL: Final = "cancel"
RECONCILE_WORKFLOW: Final = "ReconcileWorkflow"
RECONCILE_SCHEDULE_ID: Final = "fvs-reconcile"

PAID_RENDER_WORKFLOW: Final = "PaidRenderWorkflow"
CLAIMED_SIGNAL: Final = "claimed"
"""A payment was claimed for the quote: look at its row."""
CANCEL_WISH_SIGNAL: Final = "cancel"
"""The customer's wish is in the quote's row; the render, where it runs, is told itself."""
PAYMENT_EVENT_SIGNAL: Final = "payment_event"

QUOTE_ID_PREFIX: Final = "quote_"
"""Also how a guest's render is told from an account's: its `account_id` is the quote's id."""


def paid_render_workflow_id(quote_id: str) -> str:
    return f"paid-render-{quote_id}"


def is_guest(account_id: str) -> bool:
    """Whether an owner is a paid quote instead of an account."""
    return account_id.startswith(QUOTE_ID_PREFIX)


TEST_SIDE_SUFFIX: Final = "~test"
"""No account id has a `~`, so no account is another one's test side."""


def test_side_of(account_id: str) -> str:
    """Whom a test key of the account acts for: renders and a wallet apart from the real ones."""
    return account_id + TEST_SIDE_SUFFIX


def is_test_side(account_id: str) -> bool:
    """Whether an owner is an account's test side."""
    return account_id.endswith(TEST_SIDE_SUFFIX)


def owner_of(account_id: str) -> str:
    """The account itself, for which defaults, keys and suspension are kept."""
    return account_id.removesuffix(TEST_SIDE_SUFFIX)


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
