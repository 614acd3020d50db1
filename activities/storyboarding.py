"""Storyboarding: characters' sheets, a shot's keyframe, and the critics' look at it."""

from collections.abc import Sequence
from pathlib import Path

from temporalio import activity

from activities.heartbeats import heartbeating
from activities.paid_calls import FREE_PROVIDER, PaidCall, paid_call
from activities.references import characters_of, shot_pictures
from activities.reviews import review_media
from activities.seeds import seed_of
from activities.selection import adapter
from activities.workbench import Workbench
from studio.contracts.activities import StoryboardActivities
from studio.contracts.documents import CharacterSheet, ScreenplayDocument, ShotScript
from studio.contracts.frames import IMAGE_FRAME_SIZES
from studio.contracts.keys import keyframe_key, sheet_key
from studio.contracts.plan import ModelChoice
from studio.contracts.workflow_io import Keyframe, Review, ReviewTask, Sheet, SheetTask, ShotTask
from studio.providers.ports import ImageKind, ImageModel, ImageRequest, Picture, Providers

PICTURE_TYPE = "image/png"


class ModelStoryboardActivities(StoryboardActivities):
    def __init__(self, bench: Workbench, providers: Providers) -> None:
        self._bench = bench
        self._providers = providers

    @activity.defn
    async def draw_sheet(self, task: SheetTask) -> Sheet:
        model = adapter(self._providers.images, task.model)
        call = PaidCall(
            call_id=f"{task.project_id}-sheet{task.character:02d}",
            project_id=task.project_id,
            provider=task.model.provider,
            request=task,
        )
        async with heartbeating("drawing a character"):
            return await paid_call(
                self._bench, call, work=lambda: self._draw_sheet(task, model), kind=Sheet
            )

    async def _draw_sheet(self, task: SheetTask, model: ImageModel) -> Sheet:
        width, height = IMAGE_FRAME_SIZES[task.resolution]
        screenplay = await self._bench.screenplay(task.screenplay_key)
        someone = screenplay.characters[task.character]
        request = ImageRequest(
            model=task.model.provider_model,
            title=screenplay.title,
            shot=_portrait(someone),
            shot_count=len(screenplay.shots),
            style=screenplay.style,
            resolution=task.resolution,
            width=width,
            height=height,
            seed=seed_of(task.project_id, "sheet", task.character),
            kind=ImageKind.CHARACTER_SHEET,
            characters=(someone,),
        )
        key = sheet_key(task.project_id, task.character)
        await self._draw(model, request, key)
        return Sheet(character=task.character, key=key)

    @activity.defn
    async def draw_keyframe(self, task: ShotTask) -> Keyframe:
        choice = _stand_in(task.model) if task.stand_in else task.model
        model = adapter(self._providers.images, choice)
        call = PaidCall(
            call_id=f"{task.project_id}-shot{task.shot.index:03d}-keyframe{task.attempt}",
            project_id=task.project_id,
            provider=choice.provider,
            request=task,
        )
        async with heartbeating("drawing"):
            return await paid_call(
                self._bench, call, work=lambda: self._draw_keyframe(task, model), kind=Keyframe
            )

    async def _draw_keyframe(self, task: ShotTask, model: ImageModel) -> Keyframe:
        width, height = IMAGE_FRAME_SIZES[task.resolution]
        screenplay = await self._bench.screenplay(task.screenplay_key)
        script = screenplay.shot(task.shot.index)
        key = keyframe_key(task.project_id, task.shot.index, task.attempt)
        async with self._bench.workspace("references") as folder:
            request = ImageRequest(
                model=task.model.provider_model,
                title=screenplay.title,
                shot=script,
                shot_count=task.shot_count,
                style=screenplay.style,
                resolution=task.resolution,
                width=width,
                height=height,
                seed=seed_of(task.project_id, task.shot.index, task.attempt),
                references=await self._references(task, screenplay, script, folder),
                characters=characters_of(screenplay, script),
                remarks=task.remarks,
                softened=task.softened,
            )
            await self._draw(model, request, key)
        return Keyframe(key=key, width=width, height=height)

    async def _references(
        self, task: ShotTask, screenplay: ScreenplayDocument, script: ShotScript, folder: Path
    ) -> Sequence[Picture]:
        return await shot_pictures(
            self._bench,
            screenplay,
            script,
            analysis_key=task.analysis_key,
            sheets=task.sheets,
            folder=folder,
            pictures_max=task.model.references,
        )

    async def _draw(self, model: ImageModel, request: ImageRequest, key: str) -> None:
        async with self._bench.workspace("drawing") as folder:
            picture = folder / "picture.png"
            await model.draw(request, picture)
            await self._bench.store(key, picture, PICTURE_TYPE)

    @activity.defn
    async def review_keyframe(self, task: ReviewTask) -> Review:
        critic = adapter(self._providers.critics, task.model)
        async with heartbeating("looking"):
            return await review_media(
                self._bench, task, critic, critic.review_image, "keyframe.png"
            )


def _portrait(someone: CharacterSheet) -> ShotScript:
    """A character as a picture of their own: nothing around them that would get into the shots."""
    return ShotScript(
        index=1,
        title=someone.name,
        description=(
            f"{someone.name}: {someone.description} Full figure from the front, from the side and "
            "from behind, side by side, even light, plain background, no text."
        ),
        camera_move="static",
        characters=(someone.name,),
    )


def _stand_in(model: ModelChoice) -> ModelChoice:
    """The local model draws what the chosen one refused to."""
    return model.model_copy(update={"provider": FREE_PROVIDER, "provider_model": FREE_PROVIDER})
