"""Planner over generateContent with a JSON schema (gemini-3.5-flash and its like)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from google.genai import types

from studio.contracts.documents import ScreenplayDocument
from studio.providers.errors import ProviderError, UnusableAnswer
from studio.providers.google.answers import refuse_blocked, text_of
from studio.providers.google.client import GoogleClient
from studio.providers.google.planner_answer import answer_schema, read_answer
from studio.providers.google.planner_prompt import SYSTEM, again_prompt, plan_prompt
from studio.providers.ports import PlanRequest
from studio.providers.quoting import shortened
from studio.providers.screenplay_rules import Problem, problems_of, repaired, settled

ASKED_MAX: Final = 3
"""Once and at most twice more: the planning line pays for about three."""


NAMED_LENGTH_MAX: Final = 500
"""Of what was wrong in the end: it is shown in the render's status."""


class GooglePlanner:
    """Planner port.

    Raises ModerationRefused where the brief or the screenplay was filtered, UnusableAnswer where no
    answer kept to the vital rules, and what `GoogleClient` raises.
    """

    def __init__(self, client: GoogleClient) -> None:
        self._client = client

    async def plan(self, request: PlanRequest) -> ScreenplayDocument:
        config = types.GenerateContentConfig(
            system_instruction=SYSTEM,
            response_mime_type="application/json",
            response_json_schema=answer_schema(request),
        )
        prompt = plan_prompt(request)
        best: ScreenplayDocument | None = None
        answer, problems = "", list[Problem]()
        for _ in range(ASKED_MAX):
            asked = [prompt, again_prompt(answer, problems)] if problems else [prompt]
            try:
                answer = await self._ask(request.model, asked, config)
            except ProviderError as error:
                if not problems:
                    raise
                # The answers before were paid for: this is no call that cost nothing.
                problems.append(Problem(f"then it gave no answer: {error.detail}", vital=True))
                break
            # In a thread: a million characters take seconds in which no heartbeat would go out.
            document, problems = await asyncio.to_thread(_examined, answer, request)
            if document is not None and not problems:
                return document
            if document is not None and not _vital(settled(document, request), request):
                best = document
        if best is None:
            named = "; ".join(problem.text for problem in problems)
            raise UnusableAnswer(
                f"The planner broke the rules: {shortened(named, NAMED_LENGTH_MAX)}"
            )
        return settled(best, request)

    async def _ask(
        self, model: str, asked: Sequence[str], config: types.GenerateContentConfig
    ) -> str:
        parts = [types.Part.from_text(text=text) for text in asked]
        response = await self._client.generate(model, parts, config)
        refuse_blocked(response)
        return text_of(response)


def _examined(text: str, request: PlanRequest) -> tuple[ScreenplayDocument | None, list[Problem]]:
    answer = read_answer(text, request)
    if not isinstance(answer, ScreenplayDocument):
        return None, answer
    document = repaired(answer, request)
    return document, problems_of(document, request)


def _vital(document: ScreenplayDocument, request: PlanRequest) -> bool:
    return any(problem.vital for problem in problems_of(document, request))
