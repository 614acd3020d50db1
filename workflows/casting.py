"""Which models do the work now: one that its provider ends gives way to its successor."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

from temporalio.exceptions import ActivityError

from studio.contracts.plan import ModelChoice, StageModels
from workflows.board import StatusBoard
from workflows.failures import MODEL_GONE, failure_kind

Result = TypeVar("Result")


class Part(StrEnum):
    """The fields of `StageModels`."""

    ORCHESTRATOR = "orchestrator"
    CRITIC = "critic"
    IMAGE = "image"
    VIDEO = "video"
    MUSIC = "music"
    VOICE = "voice"


class Casting:
    """The models of one render. A change is for the rest of it and is told in the status."""

    def __init__(self, models: StageModels, board: StatusBoard) -> None:
        self._models: dict[Part, ModelChoice | None] = {}
        self._successors: dict[Part, ModelChoice | None] = {}
        for part in Part:
            self._cast(part, getattr(models, part.value))
        self._board = board

    def find(self, part: Part) -> ModelChoice | None:
        """None where the render has no such part."""
        return self._models[part]

    def model(self, part: Part) -> ModelChoice:
        model = self._models[part]
        if model is None:
            raise AssertionError(f"the render has no {part} model")
        return model

    async def call(self, part: Part, work: Callable[[ModelChoice], Awaitable[Result]]) -> Result:
        """Do `work` with the part's model, and again with its successor where it is gone."""
        while True:
            model = self.model(part)
            try:
                return await work(model)
            except ActivityError as error:
                if failure_kind(error) != MODEL_GONE or not self.give_way(part, model):
                    raise

    def give_way(self, part: Part, gone: ModelChoice) -> bool:
        """Let the successor take over; False where none was declared.

        Shots side by side find a model gone at the same time: the first of them changes it.
        """
        if self._models[part] != gone:
            return True
        successor = self._successors[part]
        if successor is None:
            return False
        self._cast(part, successor)
        self._board.recast(part.value, successor.used)
        self._board.warn(
            f"{gone.used} is no longer offered by its provider; {successor.used} took its place."
        )
        return True

    def _cast(self, part: Part, model: ModelChoice | None) -> None:
        """The successor is kept apart: no activity needs to be told of it."""
        self._successors[part] = model.successor if model else None
        self._models[part] = model.model_copy(update={"successor": None}) if model else None
