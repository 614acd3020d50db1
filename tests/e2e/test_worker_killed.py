"""`kill -9` of the worker at a chosen moment of every stage: the film comes, everything once."""

from pathlib import Path

import pytest

from tests.kit.client import Agent
from tests.kit.film import check_film
from tests.kit.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

MOMENTS = {
    "holds confirmed, answer lost": "after-commit:confirm",
    "input": "before-put:analysis.json",
    "music": "after-put:music.wav",
    "planning": "before-put:screenplay.json",
    "storyboarding": "after-put:keyframe-1.png",
    "filming, order not sent": "before-submit",
    "filming, order sent, answer not kept": "after-submit",
    "filming, waiting": "poll",
    "filming, clip half stored": "after-put:clip-1.mov",
    "line settled, answer lost": "after-commit:record",
    "production, joined": "before-put:_final.mp4",
    "production, stored": "after-put:quality.json",
    "render closed, answer lost": "after-commit:close",
}


@pytest.mark.requirement("FLOW-1")
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_a_render_survives_the_death_of_its_worker(
    moment: str, stack: Stack, agent: Agent, tmp_path: Path
) -> None:
    stack.start_worker(hold=moment)
    project_id = agent.submit()["project_id"]
    stack.wait_until_held()
    agent.status(project_id)
    stack.kill("worker")
    agent.status(project_id)
    stack.start_worker(hold=moment)
    resource = agent.wait_until_ended(project_id)
    assert resource["status"] == "completed", resource
    check_film(agent.download(resource["final_video_url"], tmp_path / "film.mp4"), seconds=4)
    money = agent.money(project_id)
    assert (money.settled, money.open) == (resource["credits_reserved"], 0)
    assert agent.audit() == []
    assert len(stack.orders()) == 1
