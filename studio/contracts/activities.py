"""The activities as the workflows see them: names and types, no implementations.

`activities/` subclasses these; mypy checks the overrides. A workflow calls
`workflow.execute_activity_method(PlanningActivities.plan_shots, …)` and so never imports a
provider, a database or a codec.
"""

from temporalio import activity

from studio.contracts.payment import (
    BegunRender,
    EventTask,
    QuoteStanding,
    QuoteSweepReport,
    QuoteTask,
    RefundStanding,
    RefundTask,
    SettleTask,
)
from studio.contracts.purchase import TopUpSweepReport
from studio.contracts.sweeps import ReconcileReport, ReconcileTask, WalletSweepReport
from studio.contracts.workflow_io import (
    AnalysisTask,
    AssetAnalysis,
    BriefTask,
    Clip,
    ClipJob,
    ClipTask,
    CollectTask,
    FetchedUploads,
    FetchTask,
    Film,
    FilmTask,
    HoldRequest,
    Keyframe,
    MusicTask,
    Narration,
    NarrationTask,
    PlanningTask,
    ProgressReceipt,
    ProgressUpdate,
    ReconcileResult,
    Review,
    ReviewTask,
    Screenplay,
    Sheet,
    SheetTask,
    ShotTask,
    SpokenBrief,
    Track,
)


class CreditActivities:
    """Reservation, settlement and release, each with the row that shows it."""

    @activity.defn
    async def confirm_holds(self, request: HoldRequest) -> ProgressReceipt:
        """Make sure that every charge line of the render is held; spends nothing."""
        raise NotImplementedError

    @activity.defn
    async def record_progress(self, update: ProgressUpdate) -> ProgressReceipt:
        """Settle what was delivered and store the snapshot, in one transaction."""
        raise NotImplementedError

    @activity.defn
    async def close_render(self, update: ProgressUpdate) -> ProgressReceipt:
        """Settle what was delivered, release the rest, store the terminal snapshot."""
        raise NotImplementedError


class AssetActivities:
    @activity.defn
    async def fetch_uploads(self, task: FetchTask) -> FetchedUploads:
        """Fetch the uploads that are addresses so far, check and store them."""
        raise NotImplementedError

    @activity.defn
    async def analyze_assets(self, task: AnalysisTask) -> AssetAnalysis:
        """Look at every upload and store what was found."""
        raise NotImplementedError


class MusicActivities:
    @activity.defn
    async def make_music(self, task: MusicTask) -> Track:
        """Generate the film's music, or prepare the caller's track."""
        raise NotImplementedError


class PlanningActivities:
    @activity.defn
    async def plan_shots(self, task: PlanningTask) -> Screenplay:
        """Write one script a shot, obeying the frozen shot timings."""
        raise NotImplementedError


class StoryboardActivities:
    @activity.defn
    async def draw_sheet(self, task: SheetTask) -> Sheet:
        """Draw how a character looks who is on no upload."""
        raise NotImplementedError

    @activity.defn
    async def draw_keyframe(self, task: ShotTask) -> Keyframe:
        """Draw a shot's first frame."""
        raise NotImplementedError

    @activity.defn
    async def review_keyframe(self, task: ReviewTask) -> Review:
        """Have the critic look at a keyframe."""
        raise NotImplementedError


class FilmingActivities:
    @activity.defn
    async def submit_clip(self, task: ClipTask) -> ClipJob:
        """Order one clip. Called once an attempt: an unknown outcome is reconciled, not retried."""
        raise NotImplementedError

    @activity.defn
    async def reconcile_clip(self, task: ClipTask) -> ReconcileResult:
        """Ask the provider what became of a submission whose outcome is unknown."""
        raise NotImplementedError

    @activity.defn
    async def await_clip(self, job: ClipJob) -> None:
        """Poll until the clip is ready. Canceled, it only stops polling: see `withdraw_clip`."""
        raise NotImplementedError

    @activity.defn
    async def withdraw_clip(self, job: ClipJob) -> None:
        """Ask the provider to stop a job that nobody will wait for."""
        raise NotImplementedError

    @activity.defn
    async def collect_clip(self, task: CollectTask) -> Clip:
        """Fetch the finished clip, normalise it and store it."""
        raise NotImplementedError

    @activity.defn
    async def animate_keyframe(self, task: ClipTask) -> Clip:
        """Make the replacement of a shot that could not be filmed from its keyframe."""
        raise NotImplementedError

    @activity.defn
    async def review_clip(self, task: ReviewTask) -> Review:
        """Have the critic sample a clip's frames."""
        raise NotImplementedError


class ProductionActivities:
    @activity.defn
    async def speak_brief(self, task: BriefTask) -> SpokenBrief:
        """Speak the summary of a finished stage."""
        raise NotImplementedError

    @activity.defn
    async def speak_narration(self, task: NarrationTask) -> Narration:
        """Speak the narrator's words and place them in the film."""
        raise NotImplementedError

    @activity.defn
    async def assemble_film(self, task: FilmTask) -> Film:
        """Join, mix and master the film, then measure it."""
        raise NotImplementedError


class ReconcileActivities:
    @activity.defn
    async def sweep_renders(self, task: ReconcileTask) -> ReconcileReport:
        """Start what was stored but never started; close what Temporal has closed."""
        raise NotImplementedError

    @activity.defn
    async def sweep_quotes(self, task: ReconcileTask) -> QuoteSweepReport:
        """Go on with payments that no run carries; let quotes expire, and forget old ones."""
        raise NotImplementedError

    @activity.defn
    async def sweep_wallets(self, task: ReconcileTask) -> WalletSweepReport:
        """Let gifts end at their time, and tell owners whose credits run low."""
        raise NotImplementedError

    @activity.defn
    async def sweep_top_ups(self, task: ReconcileTask) -> TopUpSweepReport:
        """Ask how purchases of credits stand that no webhook told of; collect what is owed."""
        raise NotImplementedError


class PaymentActivities:
    """The money of one quote. Each is safe to run again after a crash anywhere in it."""

    @activity.defn
    async def settle_payment(self, task: SettleTask) -> QuoteStanding:
        """Charge a claimed payment, once however often it is asked, and write down the outcome.

        Raises `payment_unknown` (try again: the same request gives the same answer) while Stripe
        does not say. A quote past its time that nobody pays expires here.
        """
        raise NotImplementedError

    @activity.defn
    async def begin_render(self, task: QuoteTask) -> BegunRender:
        """Hold the lines on the guest's wallet and insert the render's row, in one transaction."""
        raise NotImplementedError

    @activity.defn
    async def conclude_quote(self, task: QuoteTask) -> QuoteStanding:
        """Find out what goes back to the card, and take it out of the guest's wallet.

        Raises `render_not_ended` (try again) while the render's row is open.
        """
        raise NotImplementedError

    @activity.defn
    async def refund_payment(self, task: RefundTask) -> RefundStanding:
        """Ask Stripe for the refund that the row says is owed, and write down how it stands."""
        raise NotImplementedError

    @activity.defn
    async def note_event(self, task: EventTask) -> QuoteStanding:
        """Write down a refund that changed; after a dispute, take the render's files away."""
        raise NotImplementedError
